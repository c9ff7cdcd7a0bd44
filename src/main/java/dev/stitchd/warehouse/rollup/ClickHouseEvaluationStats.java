package dev.stitchd.warehouse.rollup;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.Interval;
import dev.stitchd.warehouse.Predecessors;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.FirstReceived;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Counts of closed hours from their rollups, all others from events, each once. First it is asked
/// which hours are behind, then everything in one query: an event that arrives in between counts or
/// not, but never twice.
public final class ClickHouseEvaluationStats implements EvaluationStats {

  private static final Duration SHORTEST = Duration.ofSeconds(1);

  private static final FirstReceived EVALUATIONS =
      FirstReceived.of(EventKind.EVALUATION, "variant");

  private static final FirstReceived COUNTS = FirstReceived.of(EventKind.COUNT, "variant", "count");

  private static final String SQL =
      """
      SELECT start, name, served, toInt64(sum(n)) AS total
      FROM (%s)
      GROUP BY start, name, served
      ORDER BY start, name, served
      LIMIT :rows
      """;

  /// `%2$s` are the hours that events answer for: no hour counts from both. `%3$s` is the start of
  /// an interval.
  private static final String ROLLED =
      """
      SELECT %3$s AS start, name, toString(served) AS served, n
      FROM
      (
          SELECT toString(flag) AS name, hour, kind, argMax(hours, (rows, units_known, computed_again)) AS begins,
                 argMax(variants, (rows, units_known, computed_again)) AS newest, argMax(counts, (rows, units_known, computed_again)) AS numbers
          FROM evaluation_rollups
          WHERE environment_id = toUUID(:environment) %1$s
            AND hour >= toDateTime(:closedFrom - :reach, 'UTC') AND hour < toDateTime(:closedUntil + :reach, 'UTC')
            AND NOT (%2$s)
          GROUP BY name, hour, kind
      )
      ARRAY JOIN begins AS began, newest AS served, numbers AS n
      WHERE began >= toDateTime(:closedFrom, 'UTC') AND began < toDateTime(:closedUntil, 'UTC')\
      """;

  private static final String OF_EVALUATIONS =
      """
      SELECT %3$s AS start, toString(flag) AS name, toString(variant) AS served, toInt64(uniqExact(id)) AS n
      FROM evaluation_events
      WHERE %1$s
        AND %2$s
      GROUP BY start, name, served, id_hour\
      """;

  private static final String OF_COUNTS =
      """
      SELECT start, name, served, sum(once) AS n
      FROM
      (
          SELECT %3$s AS start, toString(flag) AS name, toString(variant) AS served, max(count) AS once
          FROM flag_counts
          WHERE %1$s
            AND %2$s
          GROUP BY start, name, served, id_hour, id
      )
      GROUP BY start, name, served\
      """;

  private static final String WITHIN =
      " AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end)";

  private static final Comparator<Row> ORDER =
      Comparator.comparing(Row::start).thenComparing(Row::flag).thenComparing(Row::variant);

  private record Asked(
      EnvironmentId environment, AskedFlags flags, ClosedHours closed, Interval interval) {}

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
      Interval interval,
      Predecessors predecessors) {
    return Mono.defer(
            () -> {
              check(from, to, interval);
              var closed = ClosedHours.of(from, to, interval);
              var met = (flag == null ? predecessors : predecessors.of(flag)).since(from);
              var others = flag == null ? AskedFlags.without(met) : AskedFlags.of(flag);
              return met.isEmpty()
                  ? counts(new Asked(environment, others, closed, interval))
                  : both(
                      flag == null
                          ? counts(new Asked(environment, others, closed, interval))
                          : Mono.just(List.of()),
                      counts(
                          new Asked(environment, AskedFlags.with(met), closed.none(), interval),
                          met));
            })
        .map(rows ->
            queries.withinLimit(
                rows, "interval", "ask for one flag, a longer interval or a shorter time"))
        .flatMapIterable(rows -> rows);
  }

  /// In the order of answers.
  private static Mono<List<Row>> both(Mono<List<Row>> some, Mono<List<Row>> others) {
    return some.zipWith(
        others, (one, other) -> Stream.concat(one.stream(), other.stream()).sorted(ORDER).toList());
  }

  private Mono<List<Row>> counts(Asked asked) {
    return rolled
        .behind(
            asked.interval().cutsHours(asked.closed().asked(), asked.closed().askedUntil())
                ? RolledHours.Needed.QUARTERS
                : RolledHours.Needed.COUNTS,
            asked.environment(),
            asked.flags(),
            asked.closed(),
            reopenedHours + 1)
        .flatMap(behind ->
            behind.hours().size() > reopenedHours
                ? counts(asked, Predecessors.NONE)
                : count(asked, EventHours.of(behind), Predecessors.NONE));
  }

  /// From events alone.
  private Mono<List<Row>> counts(Asked asked, Predecessors predecessors) {
    return count(
        new Asked(asked.environment(), asked.flags(), asked.closed().none(), asked.interval()),
        EventHours.all(asked.closed()),
        predecessors);
  }

  private Mono<List<Row>> count(Asked asked, EventHours hours, Predecessors predecessors) {
    var parameters = new HashMap<String, Object>(asked.flags().parameters());
    parameters.putAll(predecessors.parameters());
    hours.into(parameters, asked.closed());
    parameters.put("environment", asked.environment().toString());
    parameters.put("rows", queries.rows() + 1L);
    return queries.ask(
        sql(asked, hours, predecessors), Map.copyOf(parameters), ClickHouseEvaluationStats::row);
  }

  private static String sql(Asked asked, EventHours hours, Predecessors predecessors) {
    var flags = asked.flags();
    var parts = new ArrayList<String>();
    if (hours.rolled()) {
      parts.add(
          ROLLED.formatted(
              flags.condition(),
              hours.condition().apply("hour"),
              asked.interval().start("began", "toInt64(toUnixTimestamp(began)) * 1000")));
    }
    if (hours.any()) {
      var scope = "environment_id = toUUID(:environment) " + flags.condition();
      var start = asked.interval().start("at", "toUnixTimestamp64Milli(at)");
      var among = hours.condition().apply("id_hour");
      var counted =
          scope
              + " AND "
              + among
              + WITHIN
              + (predecessors.isEmpty() ? "" : " AND " + predecessors.afterwards());
      parts.add(
          OF_EVALUATIONS.formatted(
              counted, EVALUATIONS.amongHours(scope, among, hours.near()), start));
      parts.add(OF_COUNTS.formatted(counted, COUNTS.amongHours(scope, among, hours.near()), start));
    }
    return SQL.formatted(String.join(" UNION ALL ", parts));
  }

  private static Row row(io.r2dbc.spi.Row row) {
    return new Row(
        ResultColumns.time(row, 0),
        ResultColumns.text(row, 1),
        ResultColumns.text(row, 2),
        ResultColumns.number(row, 3));
  }

  private static void check(Instant from, Instant to, Interval interval) {
    var errors = new FieldErrors();
    if (!from.isBefore(to)) {
      errors.add("from", "must be before to");
    }
    if (interval.length().compareTo(SHORTEST) < 0) {
      errors.add("interval", "must be at least " + SHORTEST);
    } else if (!interval.fitsDays()) {
      errors.add("interval", "must be whole days, or divide a day, in a time zone");
    }
    errors.throwIfAny();
  }
}
