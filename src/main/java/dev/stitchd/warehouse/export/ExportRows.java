package dev.stitchd.warehouse.export;

import dev.stitchd.delivery.EventColumn;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.warehouse.ExportFormat;
import dev.stitchd.warehouse.query.FirstReceived;
import java.util.StringJoiner;
import java.util.stream.Stream;

/// The statements of exports, for whatever columns a kind of events has. Every column of text that
/// is last in a row ends its row, see [ExportFormat#ending]; times are RFC 3339 by a setting.
final class ExportRows {

  private static final String SLICE =
      """
      SELECT %1$s
      FROM %2$s AS e
      WHERE e.environment_id = {environment:UUID}
        AND e.at >= fromUnixTimestamp64Milli({begin:Int64}) AND e.at < fromUnixTimestamp64Milli({end:Int64})
        AND %3$s
        AND %4$s
      LIMIT 1 BY e.%5$s, e.id, e.id_hour
      """;

  private static final String SCOPE = "environment_id = {environment:UUID}";

  /// By the time of the id, which all rows of an event share if it has one.
  private static final String ASKED =
      """
      (id_hour >= toStartOfHour(fromUnixTimestamp64Milli({first:Int64}, 'UTC')) AND id_hour <= toStartOfHour(fromUnixTimestamp64Milli({last:Int64}, 'UTC'))
          AND if(id_timed, toInt64(bitShiftRight(reinterpretAsUInt64(id), 16)), toUnixTimestamp64Milli(at)) >= {first:Int64}
          AND if(id_timed, toInt64(bitShiftRight(reinterpretAsUInt64(id), 16)), toUnixTimestamp64Milli(at)) < {last:Int64})\
      """;

  private static final String NEAR =
      """
      id_hour >= toStartOfHour(fromUnixTimestamp64Milli({first:Int64}, 'UTC')) - INTERVAL 25 HOUR
            AND id_hour <= toStartOfHour(fromUnixTimestamp64Milli({last:Int64}, 'UTC')) + INTERVAL 25 HOUR\
      """;

  private static final String HOURS =
      """
      SELECT toInt64(toUnixTimestamp(hour)) AS start, toInt64(sum(n)) AS present
      FROM
      (
          SELECT %1$s, id_hour AS hour, toStartOfHour(at) AS began, count() AS n
          FROM %2$s
          WHERE environment_id = toUUID(:environment)
            AND toStartOfHour(at) >= toDateTime(:since, 'UTC') AND toStartOfHour(at) < toDateTime(:until, 'UTC')
          GROUP BY %1$s, id_hour, toStartOfHour(at)
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

  /// One slice, each of its events once; native parameters `environment`, `begin` and `end` for
  /// what is wanted, `first` and `last` for the slice.
  static String slice(EventKind kind, ExportFormat format) {
    return SLICE.formatted(
        columns(kind, format),
        kind.table(),
        ASKED,
        FirstReceived.of(kind, told(kind)).whole().amongHours(SCOPE, ASKED, NEAR),
        kind.keyColumn());
  }

  /// How many rows each hour of ids has, from what the parts keep beside their events.
  static String hours(EventKind kind) {
    return HOURS.formatted(kind.keyColumn(), kind.table());
  }

  /// What tells rows apart that were received in the same millisecond, as in all other questions.
  private static String[] told(EventKind kind) {
    return Stream.of("variant", "count", "context_type", "context_key")
        .filter(kind::has)
        .toArray(String[]::new);
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
