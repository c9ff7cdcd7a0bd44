package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.ruleset.Targeting;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.UUID;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// A flag's targeting in one environment, as stored in `flag_values`, and the statements on it.
record TargetingRow(
    Targeting targeting,
    long version,
    Instant createdAt,
    String createdBy,
    Instant updatedAt,
    String updatedBy) {

  private static final String COLUMNS =
      "targeting::text AS targeting, version, created_at, created_by, updated_at, updated_by";

  static TargetingRow of(Readable row) {
    return new TargetingRow(
        Targeting.fromJson(Columns.json(row, "targeting")),
        Columns.number(row, "version"),
        Columns.instant(row, "created_at"),
        Columns.text(row, "created_by"),
        Columns.instant(row, "updated_at"),
        Columns.text(row, "updated_by"));
  }

  /// The targeting as the API answers it.
  ObjectNode body() {
    var body = Json.object().put("version", version);
    body.setAll(targeting.toJson());
    return body.put("createdAt", Versioned.timestamp(createdAt))
        .put("createdBy", createdBy)
        .put("updatedAt", Versioned.timestamp(updatedAt))
        .put("updatedBy", updatedBy);
  }

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

  static Mono<Long> insert(
      Session session, Author author, UUID flag, EnvironmentId environment, Targeting targeting) {
    return session.run(
        """
        INSERT INTO flag_values (tenant_id, flag_id, environment_id, enabled, off_variant, targeting, created_by, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6::json, $7, $7)
        """,
        author.tenant().value(),
        flag,
        environment.value(),
        targeting.enabled(),
        targeting.offVariant(),
        Json.write(targeting.toJson()),
        author.name());
  }

  static Mono<TargetingRow> update(
      Session session, Author author, UUID flag, EnvironmentId environment, Targeting targeting) {
    return session.one(
        "UPDATE flag_values SET enabled = $4, off_variant = $5, targeting = $6::json, version = version + 1, updated_at = now(), updated_by = $7"
            + " WHERE tenant_id = $1 AND flag_id = $2 AND environment_id = $3 RETURNING "
            + COLUMNS,
        TargetingRow::of,
        author.tenant().value(),
        flag,
        environment.value(),
        targeting.enabled(),
        targeting.offVariant(),
        Json.write(targeting.toJson()),
        author.name());
  }
}
