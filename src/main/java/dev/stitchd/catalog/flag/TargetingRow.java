package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.NewerVersion;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.Versioned;
import dev.stitchd.ruleset.Targeting;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A flag's targeting in one environment, as stored in `flag_values`.
///
/// @param stored what [Targeting#toJson] made, of this version or of a newer one
record TargetingRow(
    JsonNode stored,
    long version,
    Instant createdAt,
    String createdBy,
    Instant updatedAt,
    String updatedBy)
    implements Resource {

  static TargetingRow of(Readable row) {
    return new TargetingRow(
        Columns.json(row, "targeting"),
        Columns.number(row, "version"),
        Columns.instant(row, "created_at"),
        Columns.text(row, "created_by"),
        Columns.instant(row, "updated_at"),
        Columns.text(row, "updated_by"));
  }

  /// The targeting, to be changed or published.
  ///
  /// @throws Problem.Conflict if a newer node wrote what this version does not know
  Targeting targeting() {
    try {
      return Targeting.fromJson(stored);
    } catch (IllegalArgumentException e) {
      throw NewerVersion.of("targeting", e);
    }
  }

  /// The targeting as the API answers it: as it is stored, also where this version cannot read it.
  @Override
  public ObjectNode body() {
    var body = Json.object().put("version", version);
    stored.deepCopy().properties().forEach(field -> body.set(field.getKey(), field.getValue()));
    return body.put("createdAt", Versioned.timestamp(createdAt))
        .put("createdBy", createdBy)
        .put("updatedAt", Versioned.timestamp(updatedAt))
        .put("updatedBy", updatedBy);
  }
}
