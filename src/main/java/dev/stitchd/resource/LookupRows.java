package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.PathScope;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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

  private static final String TENANT = "SELECT FROM tenants WHERE key = $1";

  /// What is looked up by its key, the outermost first.
  private static final List<String> IN_PATHS =
      List.of("project", "environment", "flag", "segment", "event", "revision");

  private static final String PATH =
      """
      SELECT p.id IS NOT NULL AS project, e.id IS NOT NULL AS environment,
             EXISTS (SELECT FROM feature_flags f WHERE f.tenant_id = $1 AND f.project_id = p.id AND f.key = $4) AS flag,
             EXISTS (SELECT FROM segments s WHERE s.tenant_id = $1 AND s.environment_id = e.id AND s.key = $5) AS segment,
             EXISTS (SELECT FROM event_definitions d WHERE d.tenant_id = $1 AND d.environment_id = e.id AND d.key = $6) AS event,
             COALESCE($7::bigint BETWEEN 1 AND e.revision, false) AS revision,
             COALESCE(e.production, false) AS production,
             ARRAY (SELECT x.key FROM environments x WHERE x.tenant_id = $1 AND x.project_id = p.id AND x.production) AS productions
        FROM (VALUES (1)) AS one
        LEFT JOIN projects p ON p.tenant_id = $1 AND p.key = $2
        LEFT JOIN environments e ON e.tenant_id = $1 AND e.project_id = p.id AND e.key = $3
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

  /// What a path leads to.
  ///
  /// @param missing the names of what is not there, the outermost first
  record Found(List<String> missing, PathScope scope) {}

  /// What of a path is there, and what permissions ask about it.
  ///
  /// @param keys by `project`, `environment`, `flag`, `segment`, `event` and `revision`, as far as
  ///   the path has them
  static Mono<Found> find(Session session, TenantId tenant, Map<String, String> keys) {
    return session.one(
        PATH,
        row -> new Found(missing(row, keys), scope(row, keys)),
        tenant.value(),
        keys.get("project"),
        keys.get("environment"),
        keys.get("flag"),
        keys.get("segment"),
        keys.get("event"),
        revision(keys.get("revision")));
  }

  /// A revision that a path names; one that is no number is none.
  private static @Nullable Long revision(@Nullable String text) {
    if (text == null) {
      return null;
    }
    return text.matches("[0-9]{1,18}") ? Long.valueOf(text) : (Long) (-1L);
  }

  private static List<String> missing(Readable row, Map<String, String> keys) {
    return IN_PATHS.stream()
        .filter(name -> keys.containsKey(name) && !Columns.bool(row, name))
        .toList();
  }

  private static PathScope scope(Readable row, Map<String, String> keys) {
    var productions = Objects.requireNonNull(row.get("productions", String[].class));
    return new PathScope(
        keys.get("project"),
        keys.get("environment"),
        Columns.bool(row, "production"),
        Set.of(productions),
        Set.of());
  }

  /// Whether there is such a tenant; asked on the platform.
  static Mono<Boolean> isTenant(Session session, String key) {
    return session.any(TENANT, key);
  }

  public static Problem noProject(String project) {
    return new Problem.NotFound("there is no project '" + project + "'");
  }

  public static Problem noEnvironment(String environment) {
    return new Problem.NotFound("there is no environment '" + environment + "' in this project");
  }
}
