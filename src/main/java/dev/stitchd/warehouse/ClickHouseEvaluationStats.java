package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Counts from id-deduplicated rows, at query time.
final class ClickHouseEvaluationStats implements EvaluationStats {

  private static final Logger LOG = LoggerFactory.getLogger(ClickHouseEvaluationStats.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  private static final String SQL =
      """
      SELECT start, flag, variant, toInt64(sum(n)) AS total
      FROM
      (
          SELECT intDiv(toUnixTimestamp64Milli(at), :interval) * :interval AS start,
                 toString(flag) AS flag, toString(variant) AS variant, uniqExact(id) AS n
          FROM evaluation_events
          WHERE %1$s
          GROUP BY start, flag, variant
          UNION ALL
          SELECT start, flag, variant, toUInt64(sum(once)) AS n
          FROM
          (
              SELECT id, any(intDiv(toUnixTimestamp64Milli(at), :interval) * :interval) AS start,
                     any(toString(flag)) AS flag, any(toString(variant)) AS variant, any(count) AS once
              FROM flag_counts
              WHERE %1$s
              GROUP BY id
          )
          GROUP BY start, flag, variant
      )
      GROUP BY start, flag, variant
      ORDER BY start, flag, variant
      LIMIT :rows
      SETTINGS max_execution_time = %2$d, timeout_overflow_mode = 'throw', prefer_column_name_to_alias = 1
      """;

  private static final String IN_RANGE =
      "environment_id = toUUID(:environment)"
          + " AND at >= fromUnixTimestamp64Milli(:from) AND at < fromUnixTimestamp64Milli(:until)";
  private static final String OF_FLAG = " AND flag = :flag";

  private final AnalyticalQueries queries;
  private final WarehouseHealth health;
  private final ClickHouseSettings settings;
  private final Scheduler timer;
  private final Scheduler warehouse;

  ClickHouseEvaluationStats(
      AnalyticalQueries queries,
      WarehouseHealth health,
      ClickHouseSettings settings,
      Scheduler timer,
      Scheduler warehouse) {
    this.queries = queries;
    this.health = health;
    this.settings = settings;
    this.timer = timer;
    this.warehouse = warehouse;
  }

  @Override
  public Flux<Row> counts(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Duration interval) {
    return Mono.defer(() -> ask(environment, flag, from, to, interval))
        .timeout(patience(), timer)
        .onErrorMap(this::asProblem)
        .publishOn(warehouse)
        .map(this::withinLimit)
        .flatMapIterable(rows -> rows);
  }

  private Mono<List<Row>> ask(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Duration interval) {
    check(from, to, interval);
    if (!health.isUp()) {
      return Mono.error(new Problem.Unavailable(health.detail(), RETRY_AFTER));
    }
    var parameters = new HashMap<String, Object>();
    parameters.put("environment", environment.toString());
    parameters.put("from", from.toEpochMilli());
    parameters.put("until", to.toEpochMilli());
    parameters.put("interval", interval.toMillis());
    parameters.put("rows", settings.queryRows() + 1L);
    if (flag != null) {
      parameters.put("flag", flag);
    }
    return queries.rows(sql(flag != null), Map.copyOf(parameters), ClickHouseEvaluationStats::row);
  }

  private String sql(boolean oneFlag) {
    var condition = oneFlag ? IN_RANGE + OF_FLAG : IN_RANGE;
    return SQL.formatted(condition, settings.queryTime().toSeconds());
  }

  private static Row row(io.r2dbc.spi.Row row) {
    return new Row(
        Instant.ofEpochMilli(number(row, 0)), text(row, 1), text(row, 2), number(row, 3));
  }

  private static long number(io.r2dbc.spi.Row row, int column) {
    if (row.get(column) instanceof Number number) {
      return number.longValue();
    }
    throw new IllegalStateException("column " + column + " is not a number");
  }

  private static String text(io.r2dbc.spi.Row row, int column) {
    return String.valueOf(row.get(column));
  }

  private static void check(Instant from, Instant to, Duration interval) {
    var errors = new FieldErrors();
    if (!from.isBefore(to)) {
      errors.add("from", "must be before to");
    }
    if (interval.compareTo(SHORTEST) < 0) {
      errors.add("interval", "must be at least " + SHORTEST);
    }
    errors.throwIfAny();
  }

  private List<Row> withinLimit(List<Row> rows) {
    if (rows.size() > settings.queryRows()) {
      var errors = new FieldErrors();
      errors.add(
          "interval",
          "gives more than "
              + settings.queryRows()
              + " rows; ask for one flag, a longer interval or a shorter time");
      errors.throwIfAny();
    }
    return rows;
  }

  private Duration patience() {
    return settings.queryTime().plusSeconds(3);
  }

  private Throwable asProblem(Throwable failure) {
    return switch (failure) {
      case Problem problem -> problem;
      case TimeoutException _ ->
          new Problem.Unavailable(
              "no answer within " + patience() + "; ask for a shorter time", RETRY_AFTER, failure);
      case RejectedExecutionException _ ->
          new Problem.Unavailable("too many queries are waiting already", RETRY_AFTER, failure);
      default -> unexpected(failure);
    };
  }

  private static Problem unexpected(Throwable failure) {
    LOG.warn("A query failed: {}", failure.toString());
    return new Problem.Unavailable("ClickHouse did not answer", RETRY_AFTER, failure);
  }
}
