package dev.stitchd.postgres;

import dev.stitchd.kernel.Json;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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

  /// What a statement takes as a list of texts that may be left out.
  public static String @Nullable [] texts(@Nullable List<String> values) {
    return values == null ? null : values.toArray(String[]::new);
  }

  /// A JSON column that the statement casts to text.
  public static JsonNode json(Readable row, String column) {
    return Json.parseOwn(text(row, column));
  }
}
