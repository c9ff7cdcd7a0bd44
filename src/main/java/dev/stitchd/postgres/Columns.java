package dev.stitchd.postgres;

import dev.stitchd.kernel.Json;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// Typed reading of columns that are never null; a null is a defect and says which column.
public final class Columns {

  private Columns() {}

  public static String text(Readable row, String column) {
    return Objects.requireNonNull(row.get(column, String.class), column);
  }

  public static UUID uuid(Readable row, String column) {
    return Objects.requireNonNull(row.get(column, UUID.class), column);
  }

  public static long number(Readable row, String column) {
    return Objects.requireNonNull(row.get(column, Long.class), column);
  }

  public static boolean bool(Readable row, String column) {
    return Objects.requireNonNull(row.get(column, Boolean.class), column);
  }

  public static Instant instant(Readable row, String column) {
    return Objects.requireNonNull(row.get(column, OffsetDateTime.class), column).toInstant();
  }

  /// A JSON column that the statement casts to text.
  public static JsonNode json(Readable row, String column) {
    return Json.parseOwn(text(row, column));
  }
}
