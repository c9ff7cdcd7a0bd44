package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.SegmentBody;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The statements on `segments` and `segment_rules`.
final class SegmentRows {

  private static final String SELECT =
      """
      SELECT s.id, s.key, s.name, s.description, s.context_type, r.condition::text AS condition,
             s.version, s.created_at, s.created_by, s.updated_at,
             l.generation, l.version AS list_version, l.included_count, l.excluded_count
        FROM segments s
        LEFT JOIN segment_rules r ON r.tenant_id = s.tenant_id AND r.segment_id = s.id
        LEFT JOIN segment_lists l ON l.tenant_id = s.tenant_id AND l.segment_id = s.id
      """;
  private static final String PAGE =
      SELECT
          + " WHERE s.tenant_id = $1 AND s.environment_id = $2 AND s.key > $3 ORDER BY s.key LIMIT $4";
  private static final String BY_KEY =
      SELECT + " WHERE s.tenant_id = $1 AND s.environment_id = $2 AND s.key = $3";
  private static final String BY_IDS = SELECT + " WHERE s.tenant_id = $1 AND s.id = ANY ($2)";
  private static final String COUNT =
      "SELECT count(*) AS segments FROM segments WHERE tenant_id = $1 AND environment_id = $2";
  private static final String INSERT =
      "INSERT INTO segments (tenant_id, environment_id, key, name, description, context_type, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
  private static final String REPLACE =
      "UPDATE segments SET name = $3, description = $4, context_type = $5, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2";
  private static final String DELETE = "DELETE FROM segments WHERE tenant_id = $1 AND id = $2";
  private static final String DELETE_CONDITION =
      "DELETE FROM segment_rules WHERE tenant_id = $1 AND segment_id = $2";
  private static final String PUT_CONDITION =
      """
      INSERT INTO segment_rules (tenant_id, segment_id, condition) VALUES ($1, $2, $3::json)
      ON CONFLICT (tenant_id, segment_id) DO UPDATE SET condition = excluded.condition
      """;

  private SegmentRows() {}

  /// One more than `limit`.
  static Mono<List<SegmentRow>> page(
      Session session, TenantId tenant, UUID environment, String after, int limit) {
    return session.all(PAGE, SegmentRow::of, tenant.value(), environment, after, limit + 1);
  }

  /// All of an environment.
  static Mono<List<SegmentRow>> all(Session session, TenantId tenant, EnvironmentId environment) {
    return session.all(
        SELECT + " WHERE s.tenant_id = $1 AND s.environment_id = $2 ORDER BY s.key",
        SegmentRow::of,
        tenant.value(),
        environment.value());
  }

  static Mono<SegmentRow> find(
      Session session, TenantId tenant, EnvironmentId environment, String key) {
    return session
        .one(BY_KEY, SegmentRow::of, tenant.value(), environment.value(), key)
        .switchIfEmpty(Mono.error(() -> noSegment(key)));
  }

  static Mono<List<SegmentRow>> find(Session session, TenantId tenant, List<UUID> segments) {
    return session.all(BY_IDS, SegmentRow::of, tenant.value(), segments.toArray(UUID[]::new));
  }

  static Mono<Long> count(Session session, TenantId tenant, EnvironmentId environment) {
    return session.one(
        COUNT, row -> Columns.number(row, "segments"), tenant.value(), environment.value());
  }

  static Mono<Long> insert(
      Session session, Author author, EnvironmentId environment, SegmentBody wanted) {
    return session.run(
        INSERT,
        author.tenant().value(),
        environment.value(),
        wanted.key(),
        wanted.name(),
        wanted.description(),
        wanted.contextType(),
        author.name());
  }

  static Mono<Long> replace(Session session, TenantId tenant, UUID segment, SegmentBody wanted) {
    return session.run(
        REPLACE,
        tenant.value(),
        segment,
        wanted.name(),
        wanted.description(),
        wanted.contextType());
  }

  static Mono<Long> delete(Session session, TenantId tenant, UUID segment) {
    return session.run(DELETE, tenant.value(), segment);
  }

  /// @param when null for none
  static Mono<Long> putCondition(
      Session session, TenantId tenant, UUID segment, @Nullable Condition when) {
    return when == null
        ? session.run(DELETE_CONDITION, tenant.value(), segment)
        : session.run(PUT_CONDITION, tenant.value(), segment, Json.write(when.toJson()));
  }

  static Problem noSegment(String key) {
    return new Problem.NotFound("there is no segment '" + key + "' in this environment");
  }
}
