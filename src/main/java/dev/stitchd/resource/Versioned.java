package dev.stitchd.resource;

import dev.stitchd.postgres.Columns;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// What every stored resource carries besides its own fields.
public record Versioned(
    UUID id, long version, Instant createdAt, String createdBy, Instant updatedAt) {

  public static Versioned of(Readable row) {
    return new Versioned(
        Columns.uuid(row, "id"),
        Columns.number(row, "version"),
        Columns.instant(row, "created_at"),
        Columns.text(row, "created_by"),
        Columns.instant(row, "updated_at"));
  }

  /// Adds these fields to an answer.
  public ObjectNode into(ObjectNode body) {
    return body.put("id", id.toString())
        .put("version", version)
        .put("createdAt", timestamp(createdAt))
        .put("createdBy", createdBy)
        .put("updatedAt", timestamp(updatedAt));
  }

  /// RFC 3339 in UTC with milliseconds.
  public static String timestamp(Instant instant) {
    var text = instant.truncatedTo(ChronoUnit.MILLIS).toString();
    return text.contains(".") ? text : text.replace("Z", ".000Z");
  }

  public static @Nullable Instant instantOrNull(Readable row, String column) {
    var value = row.get(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }
}
