package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import reactor.core.publisher.Mono;

/// The statements that shorten the log.
///
/// A row may go once the one that superseded it is older than the history, and a removal once it is
/// that old itself and nothing is left for it to supersede: nothing says the same as a removal. A
/// revision is known as long as no row is gone that a later one superseded.
final class HistoryRows {

  private static final String TENANTS = "SELECT id FROM tenants ORDER BY id";

  /// Rows `c` that may go, superseded by `n`.
  private static final String OLD =
      """
        FROM environment_changes c
        LEFT JOIN LATERAL (
          SELECT revision, committed_at FROM environment_changes
           WHERE tenant_id = c.tenant_id AND environment_id = c.environment_id
             AND item_kind = c.item_kind AND item_key = c.item_key AND revision > c.revision
           ORDER BY revision LIMIT 1) n ON true
       WHERE c.tenant_id = $1 AND c.committed_at < now() - make_interval(secs => $2)
         AND (n.committed_at < now() - make_interval(secs => $2)
              OR c.item IS NULL AND NOT EXISTS (
                SELECT FROM environment_changes b
                 WHERE b.tenant_id = c.tenant_id AND b.environment_id = c.environment_id
                   AND b.item_kind = c.item_kind AND b.item_key = c.item_key AND b.revision < c.revision))
      """;

  private static final String ENVIRONMENTS =
      "SELECT id FROM environments e WHERE tenant_id = $1 AND EXISTS (SELECT"
          + OLD
          + "AND c.environment_id = e.id) ORDER BY id";
  private static final String LOCK =
      "SELECT id FROM environments WHERE tenant_id = $1 AND id = $2 FOR UPDATE";
  private static final String PRUNE =
      "WITH old AS MATERIALIZED ("
          + "SELECT c.revision, c.item_kind, c.item_key, c.committed_at,"
          + " CASE WHEN c.item IS NULL THEN c.revision ELSE n.revision END AS known_from"
          + OLD
          + """
             AND c.environment_id = $3 AND c.committed_at >= $4
           ORDER BY c.committed_at LIMIT $5),
          gone AS (
            DELETE FROM environment_changes c USING old
             WHERE c.tenant_id = $1 AND c.environment_id = $3 AND c.revision = old.revision
               AND c.item_kind = old.item_kind AND c.item_key = old.item_key
            RETURNING old.known_from, old.committed_at)
          SELECT count(*) AS removed, COALESCE(max(known_from), 0) AS known_from, COALESCE(max(committed_at), $4) AS reached FROM gone
          """;
  private static final String MARK =
      "UPDATE environments SET pruned = greatest(pruned, $3) WHERE tenant_id = $1 AND id = $2";

  /// A batch that was removed.
  ///
  /// @param knownFrom what was published is known from this revision on
  /// @param reached the next batch begins with rows of this time
  record Batch(long removed, long knownFrom, OffsetDateTime reached) {

    static final Batch NONE =
        new Batch(0, 0, OffsetDateTime.of(1970, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC));

    private static Batch of(Readable row) {
      return new Batch(
          Columns.number(row, "removed"),
          Columns.number(row, "known_from"),
          Columns.instant(row, "reached").atOffset(ZoneOffset.UTC));
    }
  }

  private HistoryRows() {}

  /// All tenants, in a transaction of the platform.
  static Mono<List<TenantId>> tenants(Session session) {
    return session.all(TENANTS, row -> new TenantId(Columns.uuid(row, "id")));
  }

  /// A tenant's environments whose log holds what is older than the history.
  static Mono<List<EnvironmentId>> environments(
      Session session, TenantId tenant, Duration history) {
    return session.all(
        ENVIRONMENTS,
        row -> new EnvironmentId(Columns.uuid(row, "id")),
        tenant.value(),
        seconds(history));
  }

  /// Removes what comes after a batch, while nobody writes to the environment; empty if that is
  /// gone.
  static Mono<Batch> prune(
      Session session,
      TenantId tenant,
      EnvironmentId environment,
      Duration history,
      Batch after,
      int most) {
    return session
        .any(LOCK, tenant.value(), environment.value())
        .filter(exists -> exists)
        .flatMap(_ ->
            session.one(
                PRUNE,
                Batch::of,
                tenant.value(),
                seconds(history),
                environment.value(),
                after.reached(),
                most))
        .delayUntil(
            batch -> session.run(MARK, tenant.value(), environment.value(), batch.knownFrom()));
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
