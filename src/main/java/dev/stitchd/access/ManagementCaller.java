package dev.stitchd.access;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Somebody who manages, acting in one tenant.
///
/// @param grants what the caller may there
/// @param user the person that it is, or whose token it is; null for a token that is nobody's, and
///   outside of that person's tenant
/// @param tokenEnds when the API token ends that was sent; null for never, and for a session
/// @param csrf what a request that changes something has to carry, if it came with a cookie; null
///   for an API token
public record ManagementCaller(
    TenantId tenant,
    Actor actor,
    Grants grants,
    @Nullable UUID user,
    @Nullable Instant tokenEnds,
    @Nullable String csrf) {

  ManagementCaller provedBy(String token) {
    return new ManagementCaller(tenant, actor, grants, user, null, token);
  }
}
