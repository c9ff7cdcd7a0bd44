package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.Versioned;
import dev.stitchd.ruleset.Targeting;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import tools.jackson.databind.node.ObjectNode;

/// A flag's targeting in one environment, as stored in `flag_values`.
record TargetingRow(
    Targeting targeting,
    long version,
    Instant createdAt,
    String createdBy,
    Instant updatedAt,
    String updatedBy)
    implements Resource {

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
  @Override
  public ObjectNode body() {
    var body = Json.object().put("version", version);
    body.setAll(targeting.toJson());
    return body.put("createdAt", Versioned.timestamp(createdAt))
        .put("createdBy", createdBy)
        .put("updatedAt", Versioned.timestamp(updatedAt))
        .put("updatedBy", updatedBy);
  }
}
