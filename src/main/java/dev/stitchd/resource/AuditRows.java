package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Session;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The audit log: one row for each write, in the write's own transaction.
final class AuditRows {

  private static final String INSERT =
      """
      INSERT INTO audit_logs (tenant_id, actor, action, resource, project, revisions, comment, before, after)
      VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb)
      """;

  private AuditRows() {}

  /// Notes who did what.
  ///
  /// @param action `create`, `update`, `delete`, `revoke`
  /// @param resource the resource's path, as `/projects/web/flags/checkout`
  /// @param before the resource before, null if it was created
  /// @param after the resource after, null if it was deleted
  static Mono<Void> note(
      Session session,
      Author author,
      String action,
      String resource,
      Map<String, Long> revisions,
      @Nullable JsonNode before,
      @Nullable JsonNode after) {
    var at = Json.object();
    revisions.forEach(at::put);
    return session
        .run(
            INSERT,
            author.tenant().value(),
            author.name(),
            action,
            resource,
            projectOf(resource),
            Json.write(at),
            author.comment(),
            before == null ? null : Json.write(before),
            after == null ? null : Json.write(after))
        .then();
  }

  private static @Nullable String projectOf(String resource) {
    var parts = resource.split("/");
    return parts.length > 2 && parts[1].equals("projects") ? parts[2] : null;
  }
}
