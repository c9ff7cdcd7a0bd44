package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.LookupRows;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// The rows that say which generation a segment's list is.
final class SegmentListRows {

  private static final String COLUMNS =
      "l.environment_id, l.segment_id, l.segment_key, l.generation, l.version, l.included_count, l.excluded_count";
  private static final String FIND =
      """
      SELECT %s
        FROM projects p
        JOIN environments e ON e.tenant_id = p.tenant_id AND e.project_id = p.id
        JOIN segment_lists l ON l.tenant_id = e.tenant_id AND l.environment_id = e.id
       WHERE p.tenant_id = $1 AND p.key = $2 AND e.key = $3 AND l.segment_key = $4
      """
          .formatted(COLUMNS);
  private static final String MAKE =
      """
      WITH made AS (
        INSERT INTO segment_generations (tenant_id, environment_id, segment_id) VALUES ($1, $2, $3) RETURNING generation)
      INSERT INTO segment_lists (tenant_id, environment_id, segment_id, segment_key, generation)
      SELECT $1, $2, $3, $4, generation FROM made
      """;
  private static final String CHANGE =
      """
      UPDATE segment_lists l SET version = version + 1, updated_at = now(),
             included_count = included_count + $3, excluded_count = excluded_count + $4
       WHERE tenant_id = $1 AND segment_id = $2
      RETURNING %s
      """
          .formatted(COLUMNS);
  private static final String FLIP =
      """
      UPDATE segment_lists l SET generation = $3, version = version + 1, updated_at = now(),
             included_count = $4, excluded_count = $5, published_version = version + 1, published_at = now()
       WHERE tenant_id = $1 AND segment_id = $2
      RETURNING %s
      """
          .formatted(COLUMNS);
  private static final String RETIRE =
      """
      UPDATE segment_generations SET retired_at = now()
       WHERE tenant_id = $1 AND segment_id = $2 AND generation <> $3 AND generation =
         (SELECT generation FROM segment_lists WHERE tenant_id = $1 AND segment_id = $2)
      """;
  private static final String TRY_ANNOUNCING =
      "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine";
  private static final String ANNOUNCE =
      """
      UPDATE segment_lists l SET published_version = version, published_at = now()
       WHERE tenant_id = $1 AND environment_id = $2 AND published_version < version
         AND published_at <= now() - make_interval(secs => $3)
      RETURNING l.segment_id
      """;

  private SegmentListRows() {}

  static Mono<SegmentList> find(Session session, TenantId tenant, SegmentPath path) {
    return find(session, FIND, tenant, path);
  }

  /// The row, locked until this transaction ends.
  static Mono<SegmentList> lock(Session session, TenantId tenant, SegmentPath path) {
    return find(session, FIND + " FOR NO KEY UPDATE OF l", tenant, path);
  }

  /// The row of a new segment: an empty list.
  static Mono<Long> make(
      Session session, TenantId tenant, EnvironmentId environment, SegmentRow segment) {
    return session.run(
        MAKE, tenant.value(), environment.value(), segment.meta().id(), segment.key());
  }

  static Mono<SegmentList> change(
      Session session, TenantId tenant, UUID segment, long included, long excluded) {
    return session
        .one(CHANGE, SegmentList::of, tenant.value(), segment, included, excluded)
        .switchIfEmpty(Mono.error(SegmentListRows::gone));
  }

  /// Makes another generation the list.
  static Mono<SegmentList> flip(
      Session session,
      TenantId tenant,
      UUID segment,
      long generation,
      long included,
      long excluded) {
    return session
        .run(RETIRE, tenant.value(), segment, generation)
        .then(
            session.one(
                FLIP, SegmentList::of, tenant.value(), segment, generation, included, excluded))
        .switchIfEmpty(Mono.error(SegmentListRows::gone));
  }

  /// Whether this transaction alone announces the lists of an environment; false if another does.
  static Mono<Boolean> tryAnnouncing(Session session, EnvironmentId environment) {
    return session.one(TRY_ANNOUNCING, row -> Columns.bool(row, "mine"), "members " + environment);
  }

  /// Marks what is announced now; the segments whose lists changed.
  static Mono<List<UUID>> announce(
      Session session, TenantId tenant, EnvironmentId environment, Duration gap) {
    return session.all(
        ANNOUNCE,
        row -> Columns.uuid(row, "segment_id"),
        tenant.value(),
        environment.value(),
        gap.toMillis() / 1000.0);
  }

  private static Mono<SegmentList> find(
      Session session, String sql, TenantId tenant, SegmentPath path) {
    return session
        .one(
            sql,
            SegmentList::of,
            tenant.value(),
            path.project(),
            path.environment(),
            path.segment())
        .switchIfEmpty(
            Mono.defer(() ->
                    LookupRows.environment(session, tenant, path.project(), path.environment()))
                .flatMap(_ -> Mono.error(SegmentRows.noSegment(path.segment()))));
  }

  private static Problem gone() {
    return new Problem.NotFound("the segment has just been deleted");
  }
}
