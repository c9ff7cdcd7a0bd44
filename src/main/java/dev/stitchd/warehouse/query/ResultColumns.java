package dev.stitchd.warehouse.query;

import dev.stitchd.kernel.Json;
import io.r2dbc.spi.Row;
import java.time.Instant;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/// Columns of an answer, by position. Times travel as milliseconds since 1970 and arrays as JSON,
/// since the driver cuts fractions of seconds and gives arrays in a form of its own.
public final class ResultColumns {

  private ResultColumns() {}

  public static long number(Row row, int column) {
    if (row.get(column) instanceof Number number) {
      return number.longValue();
    }
    throw new IllegalStateException("column " + column + " is not a number");
  }

  public static Instant time(Row row, int column) {
    return Instant.ofEpochMilli(number(row, column));
  }

  public static String text(Row row, int column) {
    return String.valueOf(row.get(column));
  }

  public static List<String> texts(Row row, int column) {
    var array = Json.parseOwn(text(row, column));
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asString).toList();
  }
}
