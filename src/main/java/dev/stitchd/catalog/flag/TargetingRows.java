package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.ruleset.Targeting;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/// The statements on `flag_values`.
final class TargetingRows {

  private static final String COLUMNS =
      "targeting::text AS targeting, version, created_at, created_by, updated_at, updated_by";

  private TargetingRows() {}

  static Mono<TargetingRow> find(
      Session session, TenantId tenant, UUID flag, EnvironmentId environment) {
    return session
        .one(
            "SELECT "
                + COLUMNS
                + " FROM flag_values WHERE tenant_id = $1 AND flag_id = $2 AND environment_id = $3",
            TargetingRow::of,
            tenant.value(),
            flag,
            environment.value())
        .switchIfEmpty(
            Mono.error(
                () -> new Problem.NotFound("this flag has no targeting in this environment")));
  }

  /// All of an environment, by the identity of the flag.
  static Mono<Map<UUID, TargetingRow>> all(
      Session session, TenantId tenant, EnvironmentId environment) {
    return session
        .all(
            "SELECT flag_id, "
                + COLUMNS
                + " FROM flag_values WHERE tenant_id = $1 AND environment_id = $2",
            row -> Map.entry(Columns.uuid(row, "flag_id"), TargetingRow.of(row)),
            tenant.value(),
            environment.value())
        .map(rows ->
            rows.stream().collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  static Mono<Long> insert(
      Session session, Author author, UUID flag, EnvironmentId environment, Targeting targeting) {
    return session.run(
        """
        INSERT INTO flag_values (tenant_id, flag_id, environment_id, enabled, off_variant, targeting, created_by, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6::json, $7, $7)
        """,
        columns(author, flag, environment, targeting));
  }

  static Mono<TargetingRow> update(
      Session session, Author author, UUID flag, EnvironmentId environment, Targeting targeting) {
    return session.one(
        "UPDATE flag_values SET enabled = $4, off_variant = $5, targeting = $6::json, version = version + 1, updated_at = now(), updated_by = $7"
            + " WHERE tenant_id = $1 AND flag_id = $2 AND environment_id = $3 RETURNING "
            + COLUMNS,
        TargetingRow::of,
        columns(author, flag, environment, targeting));
  }

  /// What both statements above are given, in this order.
  private static Object[] columns(
      Author author, UUID flag, EnvironmentId environment, Targeting targeting) {
    return new Object[] {
      author.tenant().value(),
      flag,
      environment.value(),
      targeting.enabled(),
      targeting.offVariant(),
      Json.write(targeting.toJson()),
      author.name()
    };
  }
}
