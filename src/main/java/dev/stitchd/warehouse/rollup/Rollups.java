package dev.stitchd.warehouse.rollup;

import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Recomputes the rollups of closed hours that are behind their events. Done twice, or by two nodes
/// at once, it gives the same rows; cut off, it is done again.
public final class Rollups {

  /// The hours that have more rows of events than their rollup counted.
  private static final String ALL_BEHIND =
      """
      SELECT environment_id, flag, hour, sum(n) AS present, max(rolled) AS before
      FROM
      (
          SELECT environment_id, toString(flag) AS flag, toStartOfHour(at) AS hour, count() AS n, toUInt64(0) AS rolled
          FROM %1$s
          WHERE toStartOfHour(at) >= toDateTime({since:Int64}, 'UTC') AND toStartOfHour(at) < toDateTime({closed:Int64}, 'UTC')
          GROUP BY environment_id, flag, hour
          UNION ALL
          SELECT environment_id, toString(flag) AS flag, hour, toUInt64(0) AS n, rows AS rolled
          FROM evaluation_rollups
          WHERE kind = '%2$s' AND hour >= toDateTime({since:Int64}, 'UTC') AND hour < toDateTime({closed:Int64}, 'UTC')
      )
      GROUP BY environment_id, flag, hour
      HAVING sum(n) > max(rolled)
      """;

  /// The hours that are behind, oldest first, until they hold enough events.
  private static final String BEHIND =
      """
      SELECT environment_id, flag, hour
      FROM
      (
          SELECT environment_id, flag, hour, present,
                 sum(present) OVER (ORDER BY hour, environment_id, flag ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto
          FROM
          (
      """
          + ALL_BEHIND
          + """
                )
          )
          WHERE upto - present < {rows:UInt64}
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

  private static final String EVALUATIONS =
      """
      INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, variants, counts)
      SELECT environment_id, flag, hour, 'evaluation', sum(n), groupArray(variant), groupArray(counted)
      FROM
      (
          SELECT environment_id, flag, variant, toStartOfHour(at) AS hour, count() AS n, toInt64(uniqExact(id)) AS counted
          FROM evaluation_events
          WHERE (environment_id, flag, toStartOfHour(at)) IN (%s)
            AND toStartOfHour(at) >= toDateTime({since:Int64}, 'UTC') AND toStartOfHour(at) < toDateTime({closed:Int64}, 'UTC')
          GROUP BY environment_id, flag, variant, hour
      )
      GROUP BY environment_id, flag, hour
      """
          .formatted(BEHIND.formatted("evaluation_events", "evaluation"));

  private static final String COUNTS =
      """
      INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, variants, counts)
      SELECT environment_id, flag, hour, 'count', sum(n), groupArray(variant), groupArray(counted)
      FROM
      (
          SELECT environment_id, flag, variant, hour, sum(m) AS n, sum(once) AS counted
          FROM
          (
              SELECT environment_id, flag, variant, toStartOfHour(at) AS hour, id, count() AS m, max(count) AS once
              FROM flag_counts
              WHERE (environment_id, flag, toStartOfHour(at)) IN (%s)
                AND toStartOfHour(at) >= toDateTime({since:Int64}, 'UTC') AND toStartOfHour(at) < toDateTime({closed:Int64}, 'UTC')
              GROUP BY environment_id, flag, variant, hour, id
          )
          GROUP BY environment_id, flag, variant, hour
      )
      GROUP BY environment_id, flag, hour
      """
          .formatted(BEHIND.formatted("flag_counts", "count"));

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
    return Flux.just(EVALUATIONS, COUNTS)
        .concatMap(sql -> untilNoneIsBehind(sql, from))
        .reduce(0L, Long::sum);
  }

  /// What is behind.
  ///
  /// @param reopened hours of a flag that were rolled up once and have got late events since
  /// @param lag how long ago the first hour closed that is behind; zero if none is
  public record Behind(long reopened, Duration lag) {}

  /// Asks what [#since] would find. Emits once; fails as [ClickHouseClient#run] does.
  public Mono<Behind> behind(Instant from) {
    return clickHouse.ask(statement(LAG, from)).map(this::behind);
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

  private Flux<Long> untilNoneIsBehind(String sql, Instant from) {
    return Mono.defer(() -> clickHouse.insertSelect(statement(sql, from)))
        .repeat()
        .takeUntil(written -> written == 0);
  }

  private ClickHouseStatement statement(String sql, Instant from) {
    return ClickHouseStatement.of(sql).with(parameters(from));
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
        "insert_deduplicate",
        "0",
        "async_insert",
        "0");
  }
}
