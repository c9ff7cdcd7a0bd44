package dev.stitchd.erasure;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.warehouse.EventRemoval.Context;
import dev.stitchd.warehouse.EventRemoval.Removal;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// `erasures`; those of whole environments are made by a trigger, so that no node can delete one
/// without. What is to be done is found in all tenants by functions, which do not say whom it is
/// about; doing it takes a transaction of the tenant.
@Component
final class ErasureRows {

  private static final String COLUMNS =
      "id, number, project, environment, context_type, context_key, state, attempts, tables_done, rows_deleted, created_at, started_at, finished_at";
  private static final String INSERT =
      "INSERT INTO erasures (tenant_id, project, environment, environment_id, context_type, context_key) VALUES ($1, $2, $3, $4, $5, $6) RETURNING "
          + COLUMNS;
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM erasures WHERE tenant_id = $1 AND number < $2 AND context_type IS NOT NULL AND ($4::text[] IS NULL OR project = ANY ($4::text[])) ORDER BY number DESC LIMIT $3";
  private static final String FIND =
      "SELECT "
          + COLUMNS
          + " FROM erasures WHERE tenant_id = $1 AND id = $2 AND context_type IS NOT NULL";
  private static final String TO_DO =
      "SELECT tenant_id, id, old, again FROM stitchd_erasures_to_do($1, $2, $3)";
  private static final String FORGET =
      "DELETE FROM erasures WHERE tenant_id = $1 AND id = $2 AND state = 'done'";
  private static final String START =
      """
      UPDATE erasures SET state = 'running', started_at = coalesce(started_at, now()), tables_done = 0
       WHERE tenant_id = $1 AND id = $2 AND state <> 'done'
      RETURNING environment_id, context_type, context_key, created_at, again
      """;
  private static final String PROGRESS =
      "UPDATE erasures SET tables_done = tables_done + 1, rows_deleted = rows_deleted + $3 WHERE tenant_id = $1 AND id = $2";

  /// Everything of an environment begins again each day, and is remembered since it was first done.
  private static final String DONE =
      """
      UPDATE erasures SET state = 'done', attempts = 0,
             finished_at = CASE WHEN context_type IS NULL THEN coalesce(finished_at, now()) ELSE now() END
       WHERE tenant_id = $1 AND id = $2 AND again = $3 AND state <> 'done'
      """;

  /// One second, and twice as long with each failure.
  private static final String FAILED =
      """
      UPDATE erasures SET state = 'failed-and-retrying', attempts = attempts + 1,
             due_at = now() + make_interval(secs => least($3, 2.0 ^ least(attempts, 20)))
       WHERE tenant_id = $1 AND id = $2 AND state <> 'done'
      """;

  private static final String CONCERNED =
      "SELECT tenant_id, id, old, again FROM stitchd_erasures_concerned($1, $2)";

  private static final String OPEN = "SELECT open, oldest FROM stitchd_erasures_open()";

  /// What is queued has not begun; what failed is tried again at its time.
  private static final String AGAIN =
      """
      UPDATE erasures SET again = again + 1,
             open_since = CASE state WHEN 'done' THEN now() ELSE open_since END,
             state = CASE state WHEN 'failed-and-retrying' THEN state ELSE 'queued' END,
             due_at = CASE state WHEN 'failed-and-retrying' THEN due_at ELSE now() END
       WHERE tenant_id = $1 AND id = ANY ($2) AND state <> 'queued'
      """;

  /// Which one.
  ///
  /// @param old whether it was done so long ago that it is to be forgotten
  /// @param again whether it is to begin again
  record Found(UUID id, TenantId tenant, boolean old, boolean again) {}

  /// Those that are not done, of all tenants.
  ///
  /// @param oldest for how long the oldest has waited; zero without any
  record Open(long count, Duration oldest) {
    static final Open NONE = new Open(0, Duration.ZERO);
  }

  /// One that was begun.
  ///
  /// @param again how often events had come late by then
  record Begun(Found found, Removal removal, long again) {

    private static Begun of(Found found, Readable row) {
      var type = row.get("context_type", String.class);
      var context =
          type == null
              ? null
              : new Context(
                  type, Columns.text(row, "context_key"), Columns.instant(row, "created_at"));
      return new Begun(
          found,
          new Removal(new EnvironmentId(Columns.uuid(row, "environment_id")), context),
          Columns.number(row, "again"));
    }
  }

  private final Transactions transactions;

  ErasureRows(Transactions transactions) {
    this.transactions = transactions;
  }

  static Mono<Erasure> insert(
      Session session,
      TenantId tenant,
      String project,
      String environment,
      EnvironmentId id,
      String type,
      String key) {
    return session.one(
        INSERT, Erasure::of, tenant.value(), project, environment, id.value(), type, key);
  }

  /// The newest first, one more than `limit`.
  ///
  /// @param projects whose; null for all
  static Mono<List<Erasure>> page(
      Session session, TenantId tenant, @Nullable List<String> projects, long before, int limit) {
    return session.all(
        PAGE, Erasure::of, tenant.value(), before, limit + 1, Columns.texts(projects));
  }

  static Mono<Erasure> find(Session session, TenantId tenant, UUID id) {
    return session
        .one(FIND, Erasure::of, tenant.value(), id)
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no erasure " + id)));
  }

  /// Erasures that are due, the oldest first, those that were done so long ago, and those of whole
  /// environments that were not looked at for a day.
  Mono<List<Found>> toDo(Duration settle, Duration kept, int most) {
    return transactions.onPlatform(
        session -> session.all(TO_DO, ErasureRows::found, seconds(settle), seconds(kept), most));
  }

  /// Erasures of persons of these environments that were asked for since then, and those of whole
  /// environments.
  Mono<List<Found>> concerned(Collection<EnvironmentId> environments, Instant since) {
    return transactions.onPlatform(session ->
        session.all(
            CONCERNED,
            ErasureRows::found,
            values(environments),
            OffsetDateTime.ofInstant(since, ZoneOffset.UTC)));
  }

  Mono<Open> open() {
    return transactions.onPlatform(session ->
        session.one(
            OPEN,
            row ->
                new Open(
                    Columns.number(row, "open"),
                    Duration.ofSeconds(Columns.number(row, "oldest")))));
  }

  /// Empty if it is done.
  static Mono<Begun> start(Session session, Found found) {
    return session.one(START, row -> Begun.of(found, row), found.tenant().value(), found.id());
  }

  static Mono<Long> progress(Session session, Found found, long rows) {
    return session.run(PROGRESS, found.tenant().value(), found.id(), rows);
  }

  /// Changes nothing if events came late meanwhile.
  static Mono<Long> done(Session session, Begun begun) {
    var found = begun.found();
    return session.run(DONE, found.tenant().value(), found.id(), begun.again());
  }

  static Mono<Long> failed(Session session, Found found, Duration most) {
    return session.run(FAILED, found.tenant().value(), found.id(), seconds(most));
  }

  /// Has those begun again that are a tenant's.
  static Mono<Long> again(Session session, TenantId tenant, List<Found> found) {
    return session.run(AGAIN, tenant.value(), found.stream().map(Found::id).toArray(UUID[]::new));
  }

  static Mono<Long> forget(Session session, Found found) {
    return session.run(FORGET, found.tenant().value(), found.id());
  }

  private static Found found(Readable row) {
    var id = Columns.uuid(row, "id");
    return new Found(
        id,
        new TenantId(Columns.uuid(row, "tenant_id")),
        Columns.bool(row, "old"),
        Columns.bool(row, "again"));
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1_000.0;
  }

  private static UUID[] values(Collection<EnvironmentId> ids) {
    return ids.stream().map(EnvironmentId::value).toArray(UUID[]::new);
  }
}
