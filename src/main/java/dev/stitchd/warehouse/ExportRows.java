package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventKind;

/// The statements of exports. Every column of text that is last in a row ends its row, see
/// [ExportFormat#ending]; times are RFC 3339 by a setting.
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

  private static final String ID_AND_TIMES =
      "toString(e.id) AS id, e.at AS at, e.received_at AS receivedAt, ";
  private static final String CONTEXT =
      "e.context_type AS contextType, e.context_key AS contextKey, %s AS attributes, ";
  private static final String SOURCE = "toString(e.source) AS source";

  private ExportRows() {}

  /// One slice, each of its events once; native parameters `environment`, `begin` and `end`.
  static String slice(EventKind kind, ExportFormat format) {
    return SLICE.formatted(columns(kind, format), table(kind));
  }

  /// How many rows each hour has, from what the parts keep beside their events.
  static String hours(EventKind kind) {
    return HOURS.formatted(name(kind), table(kind));
  }

  private static String columns(EventKind kind, ExportFormat format) {
    var context = CONTEXT.formatted(attributes(format));
    var own =
        switch (kind) {
          case EVALUATION ->
              "e.flag AS flag, e.variant AS variant, e.rule_id AS ruleId, e.reason AS reason, "
                  + context;
          case TRACK ->
              "e.event AS event, e.value AS value, e.properties AS properties, " + context;
          case COUNT -> "e.flag AS flag, e.variant AS variant, e.count AS count, ";
        };
    return ID_AND_TIMES + own + SOURCE;
  }

  /// A map where the format has maps.
  private static String attributes(ExportFormat format) {
    return switch (format) {
      case CSV -> "toJSONString(e.attributes)";
      case NDJSON, PARQUET -> "e.attributes";
    };
  }

  private static String table(EventKind kind) {
    return switch (kind) {
      case EVALUATION -> "evaluation_events";
      case TRACK -> "track_events";
      case COUNT -> "flag_counts";
    };
  }

  private static String name(EventKind kind) {
    return switch (kind) {
      case EVALUATION, COUNT -> "flag";
      case TRACK -> "event";
    };
  }
}
