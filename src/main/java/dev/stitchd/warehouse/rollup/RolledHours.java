package dev.stitchd.warehouse.rollup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Which hours the rollups do not answer for: still open, not rolled up yet, or reopened by an
/// event that came late. It is told by comparing how many events an hour has with how many its
/// rollup was computed from, so the moment an event is stored its hour is known to be behind.
public final class RolledHours {

  private static final String SQL =
      """
      SELECT DISTINCT toInt64(toUnixTimestamp(hour)) AS behind
      FROM
      (
          SELECT 1 AS source, toString(flag) AS name, toStartOfHour(at) AS hour, count() AS present, toUInt64(0) AS rolled
          FROM evaluation_events
          WHERE environment_id = toUUID(:environment) %1$s
            AND toStartOfHour(at) >= toDateTime(:since, 'UTC') AND toStartOfHour(at) < toDateTime(:until, 'UTC')
          GROUP BY name, hour
          UNION ALL
          SELECT 2 AS source, toString(flag) AS name, toStartOfHour(at) AS hour, count() AS present, toUInt64(0) AS rolled
          FROM flag_counts
          WHERE environment_id = toUUID(:environment) %1$s
            AND toStartOfHour(at) >= toDateTime(:since, 'UTC') AND toStartOfHour(at) < toDateTime(:until, 'UTC')
          GROUP BY name, hour
          UNION ALL
          SELECT toUInt8(kind) AS source, toString(flag) AS name, hour, toUInt64(0) AS present, rows AS rolled
          FROM evaluation_rollups
          WHERE environment_id = toUUID(:environment) %1$s
            AND hour >= toDateTime(:since, 'UTC') AND hour < toDateTime(:until, 'UTC')
      )
      GROUP BY source, name, hour
      HAVING sum(present) > max(rolled)
      ORDER BY behind
      LIMIT :most
      """;

  private final AnalyticalQueries queries;

  public RolledHours(AnalyticalQueries queries) {
    this.queries = queries;
  }

  /// The hours that are behind, in order, each as seconds since 1970. Emits one list; fails as
  /// [AnalyticalQueries] do.
  ///
  /// @param flag one flag only; null for all
  /// @param from a whole hour
  /// @param until a whole hour
  /// @param most how many to tell of
  public Mono<List<Long>> behind(
      EnvironmentId environment, @Nullable String flag, Instant from, Instant until, int most) {
    var parameters = new HashMap<String, Object>();
    parameters.put("environment", environment.toString());
    parameters.put("since", from.getEpochSecond());
    parameters.put("until", until.getEpochSecond());
    parameters.put("most", most);
    if (flag != null) {
      parameters.put("flag", flag);
    }
    return queries.ask(
        SQL.formatted(flag == null ? "" : "AND flag = :flag"),
        Map.copyOf(parameters),
        row -> ResultColumns.number(row, 0));
  }
}
