package dev.stitchd.catalog.deletion;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// `deletions`, and the statements that take a project or environment out of sight. What is to be
/// done is found in all tenants, as the platform, which is told no more than whose it is; doing it
/// takes a transaction of the tenant.
@Component
final class DeletionRows {

  private static final String COLUMNS =
      "id, number, project, environment, state, rows_deleted, created_at, finished_at, "
          + eventsOf("min(x.state) FILTER (WHERE x.state <> 'done')")
          + " AS events_left, "
          + eventsOf("sum(x.rows_deleted)::bigint")
          + " AS events_deleted";
  private static final String INSERT =
      "INSERT INTO deletions (tenant_id, project, environment, project_id, environment_ids) VALUES ($1, $2, $3, $4::uuid, $5) RETURNING "
          + COLUMNS;
  private static final String SHOW_DELETED = "SELECT set_config('stitchd.deleted', $1, true)";
  private static final String HIDE_PROJECT =
      "UPDATE projects SET deleted_at = now() WHERE tenant_id = $1 AND id = $2";
  private static final String HIDE_ENVIRONMENTS =
      "UPDATE environments SET deleted_at = now() WHERE tenant_id = $1 AND id = ANY ($2)";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM deletions WHERE tenant_id = $1 AND number < $2 AND ($4::text[] IS NULL OR project = ANY ($4::text[])) ORDER BY number DESC LIMIT $3";
  private static final String FIND =
      "SELECT " + COLUMNS + " FROM deletions WHERE tenant_id = $1 AND id = $2";
  private static final String ANY_OPEN =
      "SELECT 1 FROM deletions WHERE tenant_id = $1 AND state <> 'done' LIMIT 1";
  private static final String COUNT_MEMBERS =
      """
      UPDATE deletions d SET rows_deleted = rows_deleted + $3 FROM segment_generations g
       WHERE g.tenant_id = $1 AND g.generation = $2
         AND d.tenant_id = $1 AND d.state <> 'done' AND g.environment_id = ANY (d.environment_ids)
      """;
  private static final String TO_DO =
      "SELECT tenant_id, id, old, queued, running, oldest FROM stitchd_deletions_to_do($1)";
  private static final String FORGET =
      "DELETE FROM deletions WHERE tenant_id = $1 AND id = $2 AND state = 'done'";

  /// One that is to be carried on with, or to be forgotten.
  ///
  /// @param old whether it was done long ago
  /// @param open all that are not done, itself among them
  record Found(TenantId tenant, UUID id, boolean old, Open open) {

    private static Found of(Readable row) {
      return new Found(
          new TenantId(Columns.uuid(row, "tenant_id")),
          Columns.uuid(row, "id"),
          Columns.bool(row, "old"),
          new Open(
              Columns.number(row, "queued"),
              Columns.number(row, "running"),
              Columns.number(row, "oldest")));
    }
  }

  /// How many deletions are not done, without those that wait for their erasures alone, and for how
  /// long that is.
  record Open(long queued, long running, long oldestSeconds) {

    static final Open NONE = new Open(0, 0, 0);
  }

  private final Transactions transactions;

  DeletionRows(Transactions transactions) {
    this.transactions = transactions;
  }

  /// @param environment its key; null if the whole project is deleted
  /// @param projectId null if only an environment is deleted
  static Mono<Deletion> insert(
      Session session,
      TenantId tenant,
      String project,
      @Nullable String environment,
      @Nullable UUID projectId,
      List<EnvironmentId> environments) {
    return session.one(
        INSERT,
        Deletion::of,
        tenant.value(),
        project,
        environment,
        projectId == null ? null : projectId.toString(),
        ids(environments));
  }

  /// From here on nobody sees the environments, nor the project if there is one.
  static Mono<Void> hide(
      Session session,
      TenantId tenant,
      @Nullable UUID projectId,
      List<EnvironmentId> environments) {
    var project =
        projectId == null
            ? Mono.<Long>empty()
            : session.run(HIDE_PROJECT, tenant.value(), projectId);
    return showDeleted(session, true)
        .then(session.run(HIDE_ENVIRONMENTS, tenant.value(), ids(environments)))
        .then(project)
        .then(showDeleted(session, false))
        .then();
  }

  /// Whether the running transaction sees what was deleted, from here on.
  static Mono<Boolean> showDeleted(Session session, boolean shown) {
    return session.one(SHOW_DELETED, _ -> true, shown ? "on" : "");
  }

  /// The newest first, one more than `limit`.
  ///
  /// @param projects whose; null for all
  static Mono<List<Deletion>> page(
      Session session, TenantId tenant, @Nullable List<String> projects, long before, int limit) {
    return session.all(
        PAGE, Deletion::of, tenant.value(), before, limit + 1, Columns.texts(projects));
  }

  static Mono<Deletion> find(Session session, TenantId tenant, UUID id) {
    return session
        .one(FIND, Deletion::of, tenant.value(), id)
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no deletion " + id)));
  }

  static Mono<Boolean> anyOpen(Session session, TenantId tenant) {
    return session.any(ANY_OPEN, tenant.value());
  }

  /// Counts members that the upkeep of lists removed, if they are of an environment that was
  /// deleted.
  static Mono<Long> countMembers(Session session, TenantId tenant, long generation, long removed) {
    return session.run(COUNT_MEMBERS, tenant.value(), generation, removed);
  }

  /// Deletions that are not done and not waiting for their erasures alone, the oldest first, and
  /// those that were done so long ago.
  Mono<List<Found>> toDo(Duration kept) {
    return transactions.onPlatform(
        session -> session.all(TO_DO, Found::of, kept.toMillis() / 1000.0));
  }

  static Mono<Long> forget(Session session, Found old) {
    return session.run(FORGET, old.tenant().value(), old.id());
  }

  /// Of what is to be erased of the environments in ClickHouse.
  private static String eventsOf(String what) {
    return "(SELECT "
        + what
        + " FROM erasures x WHERE x.tenant_id = deletions.tenant_id AND x.environment_id = ANY (deletions.environment_ids) AND x.context_type IS NULL)";
  }

  private static UUID[] ids(List<EnvironmentId> environments) {
    return environments.stream().map(EnvironmentId::value).toArray(UUID[]::new);
  }
}
