package dev.stitchd.warehouse.rollup;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.query.FirstReceived;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Recomputes the rollups of closed hours that are behind their events. Done twice, or by two nodes
/// at once, it gives the same rows; cut off, it is done again.
public final class Rollups {

  /// Hours of flags that one statement rolls up, at most.
  private static final int MOST = 500;

  /// The hours that have more rows of events than their rollup counted, or as many if an earlier
  /// version made it.
  private static final String ALL_BEHIND =
      """
      SELECT environment_id, flag, hour, sum(n) AS present, max((rolled, known)).1 AS before, max(other) AS others
      FROM
      (
          SELECT environment_id, toString(flag) AS flag, id_hour AS hour, count() AS n, toUInt64(0) AS rolled, false AS known, toUInt8(max(NOT id_timed)) AS other
          FROM %1$s
          WHERE id_hour >= toDateTime({since:Int64}, 'UTC') AND id_hour < toDateTime({closed:Int64}, 'UTC')
          GROUP BY environment_id, flag, hour, id_timed
          UNION ALL
          SELECT environment_id, toString(flag) AS flag, hour, toUInt64(0) AS n, rows AS rolled, units_known AS known, toUInt8(0) AS other
          FROM evaluation_rollups
          WHERE kind = '%2$s' AND hour >= toDateTime({since:Int64}, 'UTC') AND hour < toDateTime({closed:Int64}, 'UTC')
      )
      GROUP BY environment_id, flag, hour
      HAVING sum(n) > max((rolled, known)).1 OR sum(n) = max((rolled, known)).1 AND NOT max((rolled, known)).2
      """;

  /// The hours that are behind, oldest first, until they hold enough events.
  private static final String BEHIND =
      """
      SELECT environment_id AS environment, flag, toInt64(toUnixTimestamp(hour)) AS began, toInt64(present) AS rows, toInt64(0) AS again, others
      FROM
      (
          SELECT environment_id, flag, hour, present, others,
                 sum(present) OVER (ORDER BY hour, environment_id, flag ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto
          FROM
          (
      """
          + ALL_BEHIND
          + """
                )
          )
          WHERE upto - present < {rows:UInt64}
          ORDER BY hour, environment_id, flag
          LIMIT %3$d
          FORMAT JSONEachRow
          """;

  /// Hours that were rolled up and have another row of an id that has one in those that are behind:
  /// it may not be the first any more.
  private static final String SHARING =
      """
      SELECT environment_id AS environment, toString(flag) AS flag, toInt64(toUnixTimestamp(hour)) AS began,
             toInt64(max(rows)) AS rows, toInt64(max((rows, units_known, computed_again)).3 + 1) AS again, 0 AS others
      FROM evaluation_rollups
      WHERE kind = '%2$s' AND (environment_id, toString(flag), hour) IN
      (
          SELECT environment_id, toString(flag), id_hour
          FROM %1$s
          WHERE NOT id_timed AND (environment_id, toString(flag), id_hour) NOT IN (%3$s)
            AND id_hour >= toDateTime({first:Int64}, 'UTC') - INTERVAL 25 HOUR AND id_hour <= toDateTime({last:Int64}, 'UTC') + INTERVAL 25 HOUR
            AND (environment_id, toString(flag), id) IN
            (
                SELECT environment_id, toString(flag), id
                FROM %1$s
                WHERE NOT id_timed AND (environment_id, toString(flag), id_hour) IN (%3$s)
                  AND id_hour >= toDateTime({first:Int64}, 'UTC') AND id_hour <= toDateTime({last:Int64}, 'UTC')
            )
      )
      GROUP BY environment_id, flag, hour
      FORMAT JSONEachRow
      """;

  /// What is to be done, in numbers: reopened hours, and the begin of the first.
  private static final String LAG =
      """
      SELECT countIf(before > 0), toInt64(toUnixTimestamp(min(hour)))
      FROM
      (
          %s
          UNION ALL
          %s
      )
      FORMAT TSV
      """
          .formatted(
              ALL_BEHIND.formatted("evaluation_events", "evaluation"),
              ALL_BEHIND.formatted("flag_counts", "count"));

  /// An hour of which every row is a repeat gets a rollup too, without counts.
  private static final String ROLL =
      """
      INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, computed_again, variants, counts, hours, units_known %4$s)
      SELECT due.environment, due.flag, due.hour, '%1$s', any(due.rows), any(due.again),
             arrayFlatten(groupArray(arrayMap(one -> events.variant, events.quarters))),
             arrayFlatten(groupArray(arrayMap(one -> one.2, events.quarters))),
             arrayFlatten(groupArray(arrayMap(one -> one.1, events.quarters))), true
             %5$s
      FROM (SELECT one.1 AS environment, one.2 AS flag, one.3 AS hour, one.4 AS rows, one.5 AS again FROM (SELECT arrayJoin(%2$s) AS one)) AS due
      LEFT JOIN (%3$s) AS events
      ON due.environment = events.environment_id AND due.flag = events.flag AND due.hour = events.hour
      GROUP BY due.environment, due.flag, due.hour
      """;

  private static final String UNIT_COLUMNS = ", exposed, exposed_hours, exposures, units, sketches";

  private static final String UNITS =
      """
      , groupArrayIf(events.variant, events.exposed > 0), groupArrayIf(events.at_hour, events.exposed > 0), groupArrayIf(events.exposed, events.exposed > 0),
             groupArrayIf(if(length(events.units) > {exact:UInt64}, [], events.units), events.exposed > 0),
             groupArrayIf(if(length(events.units) > {exact:UInt64}, events.sketch, arrayReduce('uniqCombined64State(17)', emptyArrayUInt64())), events.exposed > 0)\
      """;

  private static final String EVALUATIONS =
      """
      SELECT environment_id, flag, variant, hour, toStartOfHour(began) AS at_hour, groupArray((began, counted)) AS quarters,
             sum(known) AS exposed, groupUniqArrayArray(%3$d)(some) AS units, uniqCombined64MergeState(17)(every) AS sketch
      FROM
      (
          SELECT environment_id, toString(flag) AS flag, toString(variant) AS variant, id_hour AS hour, toStartOfFifteenMinutes(at) AS began, toInt64(uniqExact(id)) AS counted,
                 toInt64(uniqExactIf(id, context_key != '')) AS known, groupUniqArrayIf(%3$d)(unit, context_key != '') AS some, uniqCombined64StateIf(17)(unit, context_key != '') AS every
          FROM evaluation_events
          WHERE %1$s
            AND %2$s
          GROUP BY environment_id, flag, variant, hour, began
      )
      GROUP BY environment_id, flag, variant, hour, at_hour\
      """;

  private static final String COUNTS =
      """
      SELECT environment_id, flag, variant, hour, groupArray((began, counted)) AS quarters
      FROM
      (
          SELECT environment_id, flag, variant, hour, began, toInt64(sum(once)) AS counted
          FROM
          (
              SELECT environment_id, toString(flag) AS flag, toString(variant) AS variant, id_hour AS hour, toStartOfFifteenMinutes(at) AS began, id, max(count) AS once
              FROM flag_counts
              WHERE %1$s
                AND %2$s
              GROUP BY environment_id, flag, variant, hour, began, id
          )
          GROUP BY environment_id, flag, variant, hour, began
      )
      GROUP BY environment_id, flag, variant, hour\
      """;

  /// What is rolled up, each from its own table.
  private enum Source {
    EVALUATION(
        EventKind.EVALUATION,
        EVALUATIONS,
        FirstReceived.everywhere(EventKind.EVALUATION, "variant", "context_type", "context_key"),
        UNIT_COLUMNS,
        UNITS),
    COUNT(
        EventKind.COUNT,
        COUNTS,
        FirstReceived.everywhere(EventKind.COUNT, "variant", "count"),
        "",
        "");

    private final EventKind kind;
    private final String events;
    private final FirstReceived first;
    private final String moreColumns;
    private final String more;

    Source(EventKind kind, String events, FirstReceived first, String moreColumns, String more) {
      this.kind = kind;
      this.events = events;
      this.first = first;
      this.moreColumns = moreColumns;
      this.more = more;
    }

    String behind() {
      return BEHIND.formatted(kind.table(), kind.wireName(), MOST);
    }

    String sharing(String due) {
      return SHARING.formatted(kind.table(), kind.wireName(), due);
    }

    /// @param exact up to how many users an hour knows each
    String roll(List<Due> due, int exact) {
      var asked = "(environment_id, toString(flag), id_hour) IN (" + hours(due) + ")";
      var scope =
          "id_hour >= toDateTime({first:Int64}, 'UTC') - INTERVAL 25 HOUR AND id_hour <= toDateTime({last:Int64}, 'UTC') + INTERVAL 25 HOUR";
      return ROLL.formatted(
          kind.wireName(),
          "[" + joined(due, Due::tuple) + "]",
          events.formatted(
              scope + " AND " + asked,
              first.amongHours(scope, asked, due.stream().anyMatch(Due::others) ? "1" : null),
              exact + 1),
          moreColumns,
          more);
    }
  }

  /// An hour of a flag that is to be rolled up.
  ///
  /// @param rows how many events it had before they are looked at: it may have more by then, and is
  ///   behind again
  /// @param others whether it has ids without a time of their own
  private record Due(FlagHour hour, long rows, long again, boolean others) {

    static Due of(JsonNode row) {
      return new Due(
          FlagHour.of(row),
          row.path("rows").asLong(),
          row.path("again").asLong(),
          row.path("others").asLong() > 0);
    }

    long began() {
      return hour.began();
    }

    String tuple() {
      return "(%s, toUInt64(%d), toUInt64(%d))".formatted(hour.members(), rows, again);
    }
  }

  private final ClickHouseClient clickHouse;
  private final WarehouseSettings settings;
  private final Clock clock;

  public Rollups(ClickHouseClient clickHouse, WarehouseSettings settings, Clock clock) {
    this.clickHouse = clickHouse;
    this.settings = settings;
    this.clock = clock;
  }

  /// Brings all closed hours since a time up to date, some at a time, until none is behind. Emits
  /// how many rows it wrote; fails as [ClickHouseClient#run] does.
  public Mono<Long> since(Instant from) {
    return Flux.fromArray(Source.values())
        .concatMap(source -> untilNoneIsBehind(source, from))
        .reduce(0L, Long::sum);
  }

  /// What is behind.
  ///
  /// @param reopened hours of a flag that were rolled up once and have got late events since
  /// @param lag how long ago the first hour closed that is behind; zero if none is
  public record Behind(long reopened, Duration lag) {}

  /// Asks what [#since] would find. Emits once; fails as [ClickHouseClient#run] does.
  public Mono<Behind> behind(Instant from) {
    return clickHouse.ask(statement(LAG, parameters(from))).map(this::behind);
  }

  private Behind behind(String answer) {
    var numbers = answer.strip().split("\t");
    var first = Instant.ofEpochSecond(Long.parseLong(numbers[1]));
    return first.equals(Instant.EPOCH)
        ? new Behind(0, Duration.ZERO)
        : new Behind(
            Long.parseLong(numbers[0]),
            Duration.between(first.plus(1, ChronoUnit.HOURS), clock.instant()));
  }

  private Flux<Long> untilNoneIsBehind(Source source, Instant from) {
    return Mono.defer(() -> due(source, from).flatMap(due -> roll(source, due, from)))
        .repeat()
        .takeUntil(written -> written == 0);
  }

  private Mono<List<Due>> due(Source source, Instant from) {
    return asked(source.behind(), parameters(from))
        .flatMap(behind -> withThoseThatShare(source, behind, from));
  }

  private Mono<List<Due>> withThoseThatShare(Source source, List<Due> behind, Instant from) {
    var others = behind.stream().filter(Due::others).toList();
    return others.isEmpty()
        ? Mono.just(behind)
        : asked(source.sharing(hours(others)), parameters(from, others))
            .map(sharing -> Stream.concat(behind.stream(), sharing.stream()).toList());
  }

  private Mono<List<Due>> asked(String sql, Map<String, String> parameters) {
    return clickHouse
        .ask(statement(sql, parameters))
        .map(answer -> answer.lines().map(Json::parseOwn).map(Due::of).toList());
  }

  private Mono<Long> roll(Source source, List<Due> due, Instant from) {
    return due.isEmpty()
        ? Mono.just(0L)
        : clickHouse.insertSelect(
            statement(source.roll(due, settings.exactUsers()), parameters(from, due)));
  }

  private static String hours(List<Due> due) {
    return joined(due, one -> one.hour().literal());
  }

  private static String joined(List<Due> due, Function<Due, String> text) {
    return due.stream().map(text).collect(Collectors.joining(", "));
  }

  /// Sent as a body, since it names every hour.
  private static ClickHouseStatement statement(String sql, Map<String, String> parameters) {
    return ClickHouseStatement.sent(sql).with(parameters);
  }

  private Map<String, String> parameters(Instant from, List<Due> due) {
    var began = due.stream().mapToLong(Due::began).summaryStatistics();
    var parameters = new HashMap<>(parameters(from));
    parameters.put("param_first", Long.toString(began.getMin()));
    parameters.put("param_last", Long.toString(began.getMax()));
    parameters.put("param_exact", Integer.toString(settings.exactUsers()));
    return parameters;
  }

  private Map<String, String> parameters(Instant from) {
    var closed = clock.instant().minus(settings.rollupAfter()).truncatedTo(ChronoUnit.HOURS);
    return Map.of(
        "param_since",
        Long.toString(from.truncatedTo(ChronoUnit.HOURS).getEpochSecond()),
        "param_closed",
        Long.toString(closed.getEpochSecond()),
        "param_rows",
        Long.toString(settings.rollupRows()),
        "prefer_column_name_to_alias",
        "1",
        "insert_allow_materialized_columns",
        "1",
        "insert_deduplicate",
        "0",
        "async_insert",
        "0");
  }
}
