package dev.stitchd.catalog;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// From keys in a path to identities, for reading; writing goes through [Locks].
final class Lookup {

  private Lookup() {}

  static Mono<UUID> project(Session session, TenantId tenant, String project) {
    return session
        .one(
            "SELECT id FROM projects WHERE tenant_id = $1 AND key = $2",
            row -> Columns.uuid(row, "id"),
            tenant.value(),
            project)
        .switchIfEmpty(
            Mono.error(() -> new Problem.NotFound("there is no project '" + project + "'")));
  }

  static Mono<UUID> environment(
      Session session, TenantId tenant, String project, String environment) {
    return project(session, tenant, project)
        .flatMap(id ->
            session.one(
                "SELECT id FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key = $3",
                row -> Columns.uuid(row, "id"),
                tenant.value(),
                id,
                environment))
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.NotFound(
                    "there is no environment '" + environment + "' in this project")));
  }
}
