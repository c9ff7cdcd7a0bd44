package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// From keys in a path to identities and back, for reading; writing goes through [UnitOfWork].
public final class LookupRows {

  private static final String PROJECT = "SELECT id FROM projects WHERE tenant_id = $1 AND key = $2";
  private static final String ENVIRONMENT =
      "SELECT id FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key = $3";
  private static final String NAMES =
      """
      SELECT p.key AS project, e.key AS environment
        FROM environments e JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND e.id = $2
      """;

  private LookupRows() {}

  public static Mono<UUID> project(Session session, TenantId tenant, String project) {
    return session
        .one(PROJECT, row -> Columns.uuid(row, "id"), tenant.value(), project)
        .switchIfEmpty(Mono.error(() -> noProject(project)));
  }

  public static Mono<UUID> environment(
      Session session, TenantId tenant, String project, String environment) {
    return project(session, tenant, project)
        .flatMap(id ->
            session.one(
                ENVIRONMENT, row -> Columns.uuid(row, "id"), tenant.value(), id, environment))
        .switchIfEmpty(Mono.error(() -> noEnvironment(environment)));
  }

  /// What people call an environment; empty if it is gone.
  public static Mono<EnvironmentNames> names(
      Session session, TenantId tenant, EnvironmentId environment) {
    return session.one(
        NAMES,
        row -> new EnvironmentNames(Columns.text(row, "project"), Columns.text(row, "environment")),
        tenant.value(),
        environment.value());
  }

  public static Problem noProject(String project) {
    return new Problem.NotFound("there is no project '" + project + "'");
  }

  public static Problem noEnvironment(String environment) {
    return new Problem.NotFound("there is no environment '" + environment + "' in this project");
  }
}
