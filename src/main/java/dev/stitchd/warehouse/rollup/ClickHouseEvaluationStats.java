package dev.stitchd.warehouse.rollup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Counts of closed hours from their rollups, all others from id-deduplicated events. First it is
/// asked which hours are behind, then everything in one query: an event that arrives in between
/// counts or not, but never twice.
public final class ClickHouseEvaluationStats implements EvaluationStats {

  private static final Duration SHORTEST = Duration.ofSeconds(1);

  /// An event is one by its id within the hour of its time, here as in the rollups, so that both
  /// count alike whatever is sent.
  private static final String SQL =
      """
      SELECT start, name, served, toInt64(sum(n)) AS total
      FROM
      (
          SELECT intDiv(toInt64(toUnixTimestamp(hour)) * 1000, :interval) * :interval AS start,
                 name, toString(served) AS served, n
          FROM
          (
              SELECT toString(flag) AS name, hour, kind, argMax(variants, rows) AS newest, argMax(counts, rows) AS numbers
              FROM evaluation_rollups
              WHERE environment_id = toUUID(:environment) %1$s
                AND hour >= toDateTime(intDiv(:closedFrom, 1000), 'UTC') AND hour < toDateTime(intDiv(:closedUntil, 1000), 'UTC')
                AND hour NOT IN (SELECT toDateTime(toUInt32(arrayJoin(splitByChar(',', :behind))), 'UTC'))
              GROUP BY name, hour, kind
          )
          ARRAY JOIN newest AS served, numbers AS n
          UNION ALL
          SELECT intDiv(toUnixTimestamp64Milli(at), :interval) * :interval AS start,
                 toString(flag) AS name, toString(variant) AS served, toInt64(uniqExact(id)) AS n
          FROM evaluation_events
          WHERE %2$s
          GROUP BY start, name, served, toStartOfHour(at)
          UNION ALL
          SELECT start, name, served, sum(once) AS n
          FROM
          (
              SELECT intDiv(toUnixTimestamp64Milli(at), :interval) * :interval AS start,
                     toString(flag) AS name, toString(variant) AS served, max(count) AS once
              FROM flag_counts
              WHERE %2$s
              GROUP BY start, name, served, toStartOfHour(at), id
          )
          GROUP BY start, name, served
      )
      GROUP BY start, name, served
      ORDER BY start, name, served
      LIMIT :rows
      """;

  private static final String NOT_ROLLED_UP =
      """
      environment_id = toUUID(:environment) %1$s
            AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end)
            AND (at < fromUnixTimestamp64Milli(:closedFrom) OR at >= fromUnixTimestamp64Milli(:closedUntil)
                 OR toStartOfHour(at) IN (SELECT toDateTime(toUInt32(arrayJoin(splitByChar(',', :behind))), 'UTC')))\
      """;

  private record Asked(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Duration interval) {}

  private final AnalyticalQueries queries;
  private final RolledHours rolled;
  private final int reopenedHours;

  /// @param reopenedHours when more hours are behind, all is counted from events
  public ClickHouseEvaluationStats(
      AnalyticalQueries queries, RolledHours rolled, int reopenedHours) {
    this.queries = queries;
    this.rolled = rolled;
    this.reopenedHours = reopenedHours;
  }

  @Override
  public Flux<Row> counts(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Duration interval) {
    var asked = new Asked(environment, flag, from, to, interval);
    return Mono.defer(() -> closedHours(asked))
        .flatMap(closed -> count(asked, closed))
        .flatMapIterable(rows -> rows);
  }

  private Mono<ClosedHours> closedHours(Asked asked) {
    check(asked);
    var whole = ClosedHours.of(asked.from(), asked.to(), asked.interval());
    return whole.isEmpty()
        ? Mono.just(whole)
        : rolled
            .behind(
                asked.environment(), asked.flag(), whole.from(), whole.until(), reopenedHours + 1)
            .map(behind ->
                behind.size() > reopenedHours
                    ? ClosedHours.none(asked.from())
                    : whole.except(behind));
  }

  private Mono<List<Row>> count(Asked asked, ClosedHours closed) {
    var parameters = new HashMap<String, Object>();
    parameters.put("environment", asked.environment().toString());
    parameters.put("begin", asked.from().toEpochMilli());
    parameters.put("end", asked.to().toEpochMilli());
    parameters.put("interval", asked.interval().toMillis());
    parameters.put("closedFrom", closed.from().toEpochMilli());
    parameters.put("closedUntil", closed.until().toEpochMilli());
    parameters.put("behind", closed.behindText());
    parameters.put("rows", queries.rows() + 1L);
    if (asked.flag() != null) {
      parameters.put("flag", asked.flag());
    }
    return queries
        .ask(sql(asked.flag() != null), Map.copyOf(parameters), ClickHouseEvaluationStats::row)
        .map(rows ->
            queries.withinLimit(
                rows, "interval", "ask for one flag, a longer interval or a shorter time"));
  }

  private static String sql(boolean oneFlag) {
    var flag = oneFlag ? "AND flag = :flag" : "";
    return SQL.formatted(flag, NOT_ROLLED_UP.formatted(flag));
  }

  private static Row row(io.r2dbc.spi.Row row) {
    return new Row(
        ResultColumns.time(row, 0),
        ResultColumns.text(row, 1),
        ResultColumns.text(row, 2),
        ResultColumns.number(row, 3));
  }

  private static void check(Asked asked) {
    var errors = new FieldErrors();
    if (!asked.from().isBefore(asked.to())) {
      errors.add("from", "must be before to");
    }
    if (asked.interval().compareTo(SHORTEST) < 0) {
      errors.add("interval", "must be at least " + SHORTEST);
    }
    errors.throwIfAny();
  }
}
