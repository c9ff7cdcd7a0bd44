package dev.stitchd.warehouse.export;

import dev.stitchd.delivery.EventColumn;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.warehouse.ExportFormat;
import java.util.StringJoiner;

/// The statements of exports, for whatever columns a kind of events has. Every column of text that
/// is last in a row ends its row, see [ExportFormat#ending]; times are RFC 3339 by a setting.
final class ExportRows {

  private static final String SLICE =
      """
      SELECT %s
      FROM %s AS e
      WHERE e.environment_id = {environment:UUID}
        AND e.at >= fromUnixTimestamp64Milli({begin:Int64}) AND e.at < fromUnixTimestamp64Milli({end:Int64})
      LIMIT 1 BY e.id
      """;

  private static final String HOURS =
      """
      SELECT toInt64(toUnixTimestamp(hour)) AS start, toInt64(sum(n)) AS present
      FROM
      (
          SELECT %1$s, toStartOfHour(at) AS hour, count() AS n
          FROM %2$s
          WHERE environment_id = toUUID(:environment)
            AND toStartOfHour(at) >= toDateTime(:since, 'UTC') AND toStartOfHour(at) < toDateTime(:until, 'UTC')
          GROUP BY %1$s, toStartOfHour(at)
      )
      GROUP BY hour
      ORDER BY start
      LIMIT :most
      """;

  /// Spreadsheets run what begins like this as a formula, unless an apostrophe says that it is
  /// text.
  private static final String TEXT_OF_CSV =
      "if(substring(%1$s, 1, 1) IN ('=', '+', '-', '@', '\\t', '\\r'), concat('\\'', %1$s), %1$s)";

  private ExportRows() {}

  /// One slice, each of its events once; native parameters `environment`, `begin` and `end`.
  static String slice(EventKind kind, ExportFormat format) {
    return SLICE.formatted(columns(kind, format), kind.table());
  }

  /// How many rows each hour has, from what the parts keep beside their events.
  static String hours(EventKind kind) {
    return HOURS.formatted(kind.keyColumn(), kind.table());
  }

  private static String columns(EventKind kind, ExportFormat format) {
    var columns = new StringJoiner(", ");
    columns.add("toString(e.id) AS id").add("e.at AS at").add("e.received_at AS receivedAt");
    for (var column : kind.columns()) {
      columns.add(value(column, format) + " AS " + column.wireName());
    }
    return columns.add("toString(e.source) AS source").toString();
  }

  /// A map stays one where the format has maps.
  private static String value(EventColumn<?> column, ExportFormat format) {
    var value = "e." + column.name();
    return switch (column.type()) {
      case INTEGER, NULLABLE_NUMBER -> value;
      case TEXT ->
          switch (format) {
            case CSV -> TEXT_OF_CSV.formatted(value);
            case NDJSON, PARQUET -> value;
          };
      case MAP ->
          switch (format) {
            case CSV -> "toJSONString(" + value + ")";
            case NDJSON, PARQUET -> value;
          };
    };
  }
}
