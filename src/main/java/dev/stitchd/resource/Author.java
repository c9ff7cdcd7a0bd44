package dev.stitchd.resource;

import dev.stitchd.audit.AuditNote;
import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import org.jspecify.annotations.Nullable;

/// Who changes something, for the audit log.
///
/// @param tenant the tenant acted in; every statement sees this tenant only
/// @param grants what the author may do there
/// @param comment why, in the author's words
/// @param idempotencyKey names this creation, so that repeating it does not create twice; null if
///   the author does not care
/// @param origin of the request; null for the server's own work
public record Author(
    TenantId tenant,
    Actor actor,
    Grants grants,
    @Nullable String comment,
    @Nullable String idempotencyKey,
    @Nullable Origin origin) {

  /// The server itself, at `work` in a tenant.
  public static Author system(TenantId tenant, String work) {
    return new Author(tenant, Actor.system(work), Grants.PLATFORM, null, null, null);
  }

  /// The actor, as `createdBy` has it.
  public String name() {
    return actor.label();
  }

  /// Refuses what this author may not do, under a lock, so that nothing changes any more of what it
  /// depends on.
  public void check(Need need, PathScope scope) {
    need.check(grants, scope);
  }

  /// The same author by a request with another id, or by several.
  public Author of(String requestId) {
    return new Author(
        tenant,
        actor,
        grants,
        comment,
        idempotencyKey,
        origin == null ? null : new Origin(origin.address(), requestId));
  }

  /// As the audit log has it.
  AuditNote.Author audited() {
    return new AuditNote.Author(actor, comment, origin);
  }

  /// The same author inside another tenant, where nothing is repeated.
  Author in(TenantId other) {
    return new Author(other, actor, grants, comment, null, origin);
  }
}
