package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// The locks that make commit order revision order: the project's row first, then the environments'
/// rows in order of id, and only then is anything read and validated. They hold until commit.
final class LockRows {

  private static final String QUEUE_SHARED =
      "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))";
  private static final String QUEUE_EXCLUSIVE =
      "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
  private static final String SHARED =
      "SELECT id FROM projects WHERE tenant_id = $1 AND key = $2 FOR SHARE";
  private static final String EXCLUSIVE =
      "SELECT id FROM projects WHERE tenant_id = $1 AND key = $2 FOR UPDATE";
  private static final String NEXT_REVISION =
      """
      UPDATE environments SET revision = revision + 1 WHERE tenant_id = $1 AND project_id = $2 AND key = $3
      RETURNING id, project_id, key, production, revision, access_version
      """;

  /// By a step of chance, so that two histories, of which a restored backup ended one, do not have
  /// the same number for different keys: whoever holds another number asks again.
  private static final String NEXT_ACCESS =
      """
      UPDATE environments SET access_version = access_version + 1 + floor(random() * 1073741824)::bigint WHERE tenant_id = $1 AND project_id = $2 AND key = $3
      RETURNING id, project_id, key, production, revision, access_version
      """;

  private static final String NEXT_REVISIONS =
      """
      WITH locked AS (SELECT id FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY id FOR UPDATE)
      UPDATE environments e SET revision = revision + 1 FROM locked WHERE e.tenant_id = $1 AND e.id = locked.id
      RETURNING e.id, e.project_id, e.key, e.production, e.revision, e.access_version
      """;

  private LockRows() {}

  static Mono<UUID> projectShared(Session session, TenantId tenant, String project) {
    return project(session, QUEUE_SHARED, SHARED, tenant, project);
  }

  static Mono<UUID> projectExclusive(Session session, TenantId tenant, String project) {
    return project(session, QUEUE_EXCLUSIVE, EXCLUSIVE, tenant, project);
  }

  static Mono<LockedEnvironment> nextRevision(
      Session session, TenantId tenant, UUID projectId, String environment) {
    return environment(session, NEXT_REVISION, tenant, projectId, environment);
  }

  static Mono<LockedEnvironment> nextAccessVersion(
      Session session, TenantId tenant, UUID projectId, String environment) {
    return environment(session, NEXT_ACCESS, tenant, projectId, environment);
  }

  static Mono<List<LockedEnvironment>> nextRevisions(
      Session session, TenantId tenant, UUID projectId) {
    return session.all(NEXT_REVISIONS, LockRows::locked, tenant.value(), projectId);
  }

  /// PostgreSQL lets sharers of a row pass whoever waits to have it alone, for as long as they keep
  /// coming; its advisory locks are first come, first served. So everybody queues there first, and
  /// finds the row free.
  private static Mono<UUID> project(
      Session session, String queue, String lock, TenantId tenant, String project) {
    return session
        .one(queue, _ -> true, "project " + tenant + " " + project)
        .then(
            Mono.defer(
                () -> session.one(lock, row -> Columns.uuid(row, "id"), tenant.value(), project)))
        .switchIfEmpty(Mono.error(() -> LookupRows.noProject(project)));
  }

  private static Mono<LockedEnvironment> environment(
      Session session, String sql, TenantId tenant, UUID projectId, String environment) {
    return session
        .one(sql, LockRows::locked, tenant.value(), projectId, environment)
        .switchIfEmpty(Mono.error(() -> LookupRows.noEnvironment(environment)));
  }

  private static LockedEnvironment locked(Readable row) {
    return new LockedEnvironment(
        new EnvironmentId(Columns.uuid(row, "id")),
        Columns.uuid(row, "project_id"),
        Columns.text(row, "key"),
        Columns.bool(row, "production"),
        Columns.number(row, "revision"),
        Columns.number(row, "access_version"));
  }
}
