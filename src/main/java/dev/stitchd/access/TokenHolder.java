package dev.stitchd.access;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who holds an API token, whatever tenant is meant.
///
/// @param tenant whose it is; null for a platform administrator's
/// @param grants what it may there
/// @param user whose it is; null if nobody's
/// @param expiresAt null for never
record TokenHolder(
    Actor actor,
    @Nullable Home tenant,
    Grants grants,
    @Nullable UUID user,
    @Nullable Instant expiresAt) {

  /// The tenant that a token belongs to.
  record Home(TenantId id, String key) {}

  /// A token of a platform administrator, which belongs to no tenant.
  static TokenHolder ofPlatform(Actor actor) {
    return new TokenHolder(actor, null, Grants.PLATFORM, null, null);
  }

  boolean isExpired(Instant now) {
    return expiresAt != null && !expiresAt.isAfter(now);
  }

  /// Whether it acts in the tenant of that key without looking further.
  boolean isAtHome(@Nullable String key) {
    return tenant != null && (key == null || key.equals(tenant.key()));
  }

  ManagementCaller in(TenantId id) {
    return new ManagementCaller(id, actor, grants, user);
  }
}
