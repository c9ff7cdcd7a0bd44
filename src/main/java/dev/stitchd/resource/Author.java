package dev.stitchd.resource;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.TenantId;
import org.jspecify.annotations.Nullable;

/// Who changes something, for the audit log.
///
/// @param tenant the tenant acted in; every statement sees this tenant only
/// @param comment why, in the author's words
/// @param idempotencyKey names this creation, so that repeating it does not create twice; null if
///   the author does not care
/// @param origin of the request; null for the server's own work
public record Author(
    TenantId tenant,
    Actor actor,
    @Nullable String comment,
    @Nullable String idempotencyKey,
    @Nullable Origin origin) {

  /// The server itself, at `work` in a tenant.
  public static Author system(TenantId tenant, String work) {
    return new Author(tenant, Actor.system(work), null, null, null);
  }

  /// The actor, as `createdBy` has it.
  public String name() {
    return actor.label();
  }

  /// The same author inside another tenant, where nothing is repeated.
  Author in(TenantId other) {
    return new Author(other, actor, comment, null, origin);
  }
}
