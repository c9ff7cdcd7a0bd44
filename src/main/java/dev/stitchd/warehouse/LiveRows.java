package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The newest rows of an environment, newest first, as ClickHouse is asked for them. Values travel
/// as parameters. Every part is bounded by the time of arrival and in rows.
final class LiveRows {

  private static final String EVALUATIONS =
      """
      SELECT 'evaluation' AS type, toString(id) AS id, at, received_at, toString(source) AS source, toString(flag) AS flag,
             '' AS event, toString(variant) AS variant, toString(rule_id) AS rule, toString(reason) AS reason,
             toString(context_type) AS context_type, context_key, 0 AS count, NULL AS value, '' AS code, '' AS detail, '' AS node
      FROM evaluation_events
      WHERE environment_id = {environment:UUID} AND at >= {since:DateTime64(3)} - INTERVAL 8 DAY
        AND received_at >= {since:DateTime64(3)}
        AND ({flag:String} = '' OR flag = {flag:String}) AND ({context:String} = '' OR context_key = {context:String})
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

  private static final String COUNTS =
      """
      SELECT 'count' AS type, toString(id) AS id, at, received_at, toString(source) AS source, toString(flag) AS flag,
             '' AS event, toString(variant) AS variant, '' AS rule, '' AS reason,
             '' AS context_type, '' AS context_key, count, NULL AS value, '' AS code, '' AS detail, '' AS node
      FROM flag_counts
      WHERE environment_id = {environment:UUID} AND at >= {since:DateTime64(3)} - INTERVAL 8 DAY
        AND received_at >= {since:DateTime64(3)}
        AND ({flag:String} = '' OR flag = {flag:String})
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

  private static final String TRACKS =
      """
      SELECT 'track' AS type, toString(id) AS id, at, received_at, toString(source) AS source, '' AS flag,
             toString(event) AS event, '' AS variant, '' AS rule, '' AS reason,
             toString(context_type) AS context_type, context_key, 0 AS count, value, '' AS code, '' AS detail, '' AS node
      FROM track_events
      WHERE environment_id = {environment:UUID} AND at >= {since:DateTime64(3)} - INTERVAL 8 DAY
        AND received_at >= {since:DateTime64(3)}
        AND ({event:String} = '' OR event = {event:String}) AND ({context:String} = '' OR context_key = {context:String})
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

  private static final String REJECTED =
      """
      SELECT 'rejected' AS type, id, received_at AS at, received_at, '' AS source, '' AS flag,
             '' AS event, '' AS variant, '' AS rule, '' AS reason,
             '' AS context_type, '' AS context_key, 0 AS count, NULL AS value, toString(code) AS code, detail, toString(node) AS node
      FROM rejected_events
      WHERE environment_id = {environment:UUID} AND received_at >= {since:DateTime64(3)}
      ORDER BY received_at DESC LIMIT {rows:UInt32}
      """;

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
      if (isAsked(filter, "evaluation") && filter.event() == null) {
        parts.add(EVALUATIONS);
      }
      if (isAsked(filter, "count") && filter.event() == null && filter.context() == null) {
        parts.add(COUNTS);
      }
      if (isAsked(filter, "track") && filter.flag() == null) {
        parts.add(TRACKS);
      }
    }
    if (filter.outcome() != LiveEvents.Outcome.ACCEPTED) {
      parts.add(REJECTED);
    }
    return parts;
  }

  private static boolean isAsked(LiveEvents.Filter filter, String type) {
    return filter.type() == null || filter.type().equals(type);
  }

  static Map<String, String> parameters(
      EnvironmentId environment, LiveEvents.Filter filter, Instant since, int rows) {
    var parameters = new LinkedHashMap<String, String>();
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
