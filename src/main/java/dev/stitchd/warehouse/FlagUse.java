package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/// When flags were last evaluated, and what they gave of late; evaluations and counts alike, since
/// either way somebody asked.
public final class FlagUse {

  /// Told of one flag, at most.
  private static final int MOST_VARIANTS = 10;

  /// The inner queries are answered by the hours that each part keeps beside its events.
  private static final String SQL =
      """
      SELECT toString(flag) AS name, toUnixTimestamp64Milli(max(latest)) AS last,
             toJSONString(arraySort(groupUniqArrayIf(%d)(toString(variant), latest >= fromUnixTimestamp64Milli(:begin)))) AS given
      FROM
      (
          SELECT flag, variant, toStartOfHour(at) AS hour, max(at) AS latest
          FROM evaluation_events
          WHERE environment_id = toUUID(:environment)
          GROUP BY flag, variant, toStartOfHour(at)
          UNION ALL
          SELECT flag, variant, toStartOfHour(at) AS hour, max(at) AS latest
          FROM flag_counts
          WHERE environment_id = toUUID(:environment)
          GROUP BY flag, variant, toStartOfHour(at)
      )
      GROUP BY flag
      ORDER BY last DESC, name
      LIMIT :rows
      """
          .formatted(MOST_VARIANTS);

  private final AnalyticalQueries queries;

  FlagUse(AnalyticalQueries queries) {
    this.queries = queries;
  }

  /// One flag's use.
  ///
  /// @param lastEvaluatedAt of all that is kept
  /// @param variants given since the time asked about, in order; at most ten
  public record Use(String flag, Instant lastEvaluatedAt, List<String> variants) {}

  /// The use of every flag that was ever evaluated, by its key. Emits one map on the scheduler
  /// `warehouse`; fails with [dev.stitchd.kernel.Problem.Unavailable] while ClickHouse is out or
  /// too slow, with [dev.stitchd.kernel.Problem.Invalid] if there are more than an answer may have
  /// rows.
  public Mono<Map<String, Use>> since(EnvironmentId environment, Instant since) {
    var parameters =
        Map.<String, Object>of(
            "environment", environment.toString(),
            "begin", since.toEpochMilli(),
            "rows", queries.rows() + 1L);
    return queries
        .ask(SQL, parameters, FlagUse::use)
        .map(uses -> queries.withinLimit(uses, "days", "this environment's SDKs make flags up"))
        .map(uses -> uses.stream().collect(Collectors.toMap(Use::flag, use -> use)));
  }

  private static Use use(io.r2dbc.spi.Row row) {
    return new Use(
        ResultColumns.text(row, 0), ResultColumns.time(row, 1), ResultColumns.texts(row, 2));
  }
}
