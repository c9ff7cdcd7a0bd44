package dev.stitchd.warehouse.live;

import dev.stitchd.delivery.EventColumn;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.LiveEvents;
import dev.stitchd.warehouse.clickhouse.QueryLimits;
import dev.stitchd.warehouse.query.FirstReceived;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The newest rows of an environment, newest first, as ClickHouse is asked for them. Values travel
/// as parameters. Every part is bounded by the time of arrival and in rows.
final class LiveRows {

  /// `%1$s` the kind's name, `%2$s` what is shown, `%3$s` the table, `%4$s` filters, `%5$s` that a
  /// row repeats none that arrived lately: farther back is not looked, again and again.
  private static final String ACCEPTED =
      """
      SELECT '%1$s' AS type, toString(id) AS id, at, received_at, toString(source) AS source, %2$s,
             '' AS code, '' AS detail, '' AS node
      FROM %3$s
      WHERE environment_id = {environment:UUID} AND at >= {since:DateTime64(3)} - INTERVAL 8 DAY
        AND received_at >= {since:DateTime64(3)}%4$s
        AND %5$s
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

  private static final String LATELY =
      """
      environment_id = {environment:UUID} AND at >= {since:DateTime64(3)} - INTERVAL 8 DAY
              AND received_at >= {since:DateTime64(3)} - INTERVAL 1 MINUTE\
      """;

  /// What is shown of an event, with what stands there for kinds that do not have it.
  private enum Shown {
    FLAG("flag", "''"),
    EVENT("event", "''"),
    VARIANT("variant", "''"),
    RULE("rule_id", "''"),
    REASON("reason", "''"),
    CONTEXT_TYPE("context_type", "''"),
    CONTEXT_KEY("context_key", "''"),
    COUNT("count", "0"),
    VALUE("value", "NULL");

    private final String column;
    private final String nothing;

    Shown(String column, String nothing) {
      this.column = column;
      this.nothing = nothing;
    }

    String of(EventKind kind) {
      return kind.columns().stream()
              .filter(one -> one.name().equals(column))
              .findFirst()
              .map(Shown::value)
              .orElse(nothing)
          + " AS "
          + column;
    }

    /// `toString` since most text is `LowCardinality`, which other kinds' columns are not.
    private static String value(EventColumn<?> column) {
      return switch (column.type()) {
        case TEXT -> "toString(" + column.name() + ")";
        case INTEGER, NULLABLE_NUMBER, MAP -> column.name();
      };
    }
  }

  private static final String REJECTED =
      """
      SELECT 'rejected' AS type, id, received_at AS at, received_at, '' AS source, '' AS flag,
             '' AS event, '' AS variant, '' AS rule_id, '' AS reason,
             '' AS context_type, '' AS context_key, 0 AS count, NULL AS value, toString(code) AS code, detail, toString(node) AS node
      FROM rejected_events
      WHERE environment_id = {environment:UUID} AND received_at >= {since:DateTime64(3)}
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

  /// One of ClickHouse's threads, for a moment.
  static final QueryLimits LIMITS = QueryLimits.NONE.threads(1).time(Duration.ofSeconds(2));

  private LiveRows() {}

  /// The statement for a filter; empty if nothing can match.
  static String sql(LiveEvents.Filter filter) {
    var parts = parts(filter);
    return parts.isEmpty()
        ? ""
        : "SELECT * FROM (SELECT * FROM (%s)) ORDER BY received_at DESC LIMIT {rows:UInt32} FORMAT JSONEachRow"
            .formatted(String.join(") UNION ALL SELECT * FROM (", parts));
  }

  private static List<String> parts(LiveEvents.Filter filter) {
    var parts = new ArrayList<String>();
    if (filter.outcome() != LiveEvents.Outcome.REJECTED) {
      for (var kind : EventKind.values()) {
        if (mayMatch(filter, kind)) {
          parts.add(accepted(kind));
        }
      }
    }
    if (filter.outcome() != LiveEvents.Outcome.ACCEPTED) {
      parts.add(REJECTED);
    }
    return parts;
  }

  private static boolean mayMatch(LiveEvents.Filter filter, EventKind kind) {
    return (filter.type() == null || filter.type() == kind)
        && (filter.flag() == null || kind.has("flag"))
        && (filter.event() == null || kind.has("event"))
        && (filter.context() == null || kind.has("context_key"));
  }

  private static String accepted(EventKind kind) {
    var shown = Arrays.stream(Shown.values()).map(one -> one.of(kind));
    return ACCEPTED.formatted(
        kind.wireName(),
        shown.collect(Collectors.joining(", ")),
        kind.table(),
        matches(kind, "flag", "flag")
            + matches(kind, "event", "event")
            + matches(kind, "context_key", "context"),
        FirstReceived.of(kind).among(LATELY));
  }

  private static String matches(EventKind kind, String column, String parameter) {
    return kind.has(column)
        ? "\n  AND ({%1$s:String} = '' OR %2$s = {%1$s:String})".formatted(parameter, column)
        : "";
  }

  static Map<String, String> parameters(
      EnvironmentId environment, LiveEvents.Filter filter, Instant since, int rows) {
    var parameters = new LinkedHashMap<String, String>();
    parameters.put("output_format_json_quote_64bit_integers", "0");
    parameters.put("date_time_output_format", "iso");
    parameters.put("prefer_column_name_to_alias", "1");
    parameters.put("param_environment", environment.toString());
    parameters.put("param_since", seconds(since));
    parameters.put("param_rows", Integer.toString(rows));
    parameters.put("param_flag", text(filter.flag()));
    parameters.put("param_event", text(filter.event()));
    parameters.put("param_context", text(filter.context()));
    return parameters;
  }

  /// Unix time with milliseconds, which ClickHouse reads as a `DateTime64` in any time zone.
  private static String seconds(Instant time) {
    return "%d.%03d".formatted(time.getEpochSecond(), time.getNano() / 1_000_000);
  }

  /// Parameters are read as escaped text.
  private static String text(@Nullable String value) {
    return value == null
        ? ""
        : value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
  }
}
