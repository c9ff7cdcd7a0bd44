package dev.stitchd.access;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The truth about API tokens and tenants. Everything fails as the driver does.
interface TokenStore {

  /// The token with this hash; empty if there is none.
  Mono<TokenHolder> holder(KeyHash hash);

  /// The session with this hash of its cookie; empty if there is none, or it has ended.
  Mono<TokenHolder> session(KeyHash hash);

  /// Keeps a first token if there is none at all; whether it was kept.
  Mono<Boolean> addFirst(String name, KeyHash hash);

  /// The tenant with this key; empty if there is none.
  Mono<TenantId> tenant(String key);

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
      var home = tenant != null && tenant.id().equals(id);
      return new ManagementCaller(id, actor, grants, home ? user : null, expiresAt, null);
    }
  }
}
