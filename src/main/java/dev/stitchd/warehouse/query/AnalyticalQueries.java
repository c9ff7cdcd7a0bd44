package dev.stitchd.warehouse.query;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.clickhouse.ClickHouseFailures;
import dev.stitchd.warehouse.clickhouse.ClickHouseR2dbc;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettings;
import dev.stitchd.warehouse.clickhouse.QueryLimits;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// What holds for every analytical query: asked only while ClickHouse is up and when it is the
/// tenant's turn, bounded in time and rows, and whatever goes wrong is told as a [Problem].
public final class AnalyticalQueries {

  private static final Logger LOG = LoggerFactory.getLogger(AnalyticalQueries.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /// How long after ClickHouse's own limit an answer is still waited for.
  private static final Duration GRACE = Duration.ofSeconds(3);

  private final ClickHouseR2dbc driver;
  private final QueryPlaces places;
  private final WarehouseHealth health;
  private final ClickHouseSettings settings;
  private final QueryLimits limits;
  private final Scheduler timer;

  public AnalyticalQueries(
      ClickHouseR2dbc driver,
      QueryPlaces places,
      WarehouseHealth health,
      ClickHouseSettings settings,
      Scheduler timer) {
    this.driver = driver;
    this.places = places;
    this.health = health;
    this.settings = settings;
    this.limits =
        QueryLimits.NONE
            .time(settings.queryTime())
            .memory(settings.queryMemory())
            .threads(settings.queryCores());
    this.timer = timer;
  }

  /// All rows of one query. Emits one list on a parallel thread, which must not block; fails with
  /// [Problem.Invalid] if it would take more time or memory than a query may, with
  /// [Problem.TooMany] if its turn does not come in time, with [Problem.Unavailable] while
  /// ClickHouse is out or has too much to do. Cancelling gives up the answer; the query runs to its
  /// end, which is bounded in time, and keeps its place until then.
  ///
  /// @param sql without settings, with parameters as `:name`; bounds its rows itself
  public <T> Mono<List<T>> ask(
      String sql, Map<String, Object> parameters, Function<Row, T> mapper) {
    return ask(sql, limits, parameters, mapper);
  }

  /// The same for samples: reads about as many rows as are allowed and answers from these.
  public <T> Mono<List<T>> sample(
      String sql, long rows, Map<String, Object> parameters, Function<Row, T> mapper) {
    return ask(sql, limits.sampled(rows), parameters, mapper);
  }

  private <T> Mono<List<T>> ask(
      String sql, QueryLimits limits, Map<String, Object> parameters, Function<Row, T> mapper) {
    return Mono.defer(() ->
            health.isUp()
                ? places.within(ended ->
                    driver.rows(sql, limits, parameters, mapper, ended).timeout(patience(), timer))
                : this.<List<T>>out())
        .onErrorMap(this::asProblem)
        // never on a thread that waits for ClickHouse: there it would wait behind a slow query
        .publishOn(Schedulers.parallel());
  }

  /// Most rows of an answer.
  public int rows() {
    return settings.queryRows();
  }

  /// Ends a question that has more rows than an answer may have; it must have asked for one more.
  public <T> List<T> withinLimit(List<T> rows, String parameter, String advice) {
    if (rows.size() > rows()) {
      var errors = new FieldErrors();
      errors.add(parameter, "gives more than " + rows() + " rows; " + advice);
      errors.throwIfAny();
    }
    return rows;
  }

  private <T> Mono<T> out() {
    return Mono.error(new Problem.Unavailable(health.detail(), RETRY_AFTER));
  }

  private Duration patience() {
    return settings.queryTime().plus(GRACE);
  }

  private Throwable asProblem(Throwable failure) {
    return switch (failure) {
      case Problem problem -> problem;
      case TimeoutException _ ->
          new Problem.Unavailable("no answer within " + patience(), RETRY_AFTER, failure);
      case RejectedExecutionException _ ->
          new Problem.Unavailable("too many queries are waiting already", RETRY_AFTER, failure);
      default -> ClickHouseFailures.isTooLarge(failure) ? tooLarge() : unexpected(failure);
    };
  }

  private Problem tooLarge() {
    return new Problem.Invalid(
        List.of(
            new FieldError(
                "from",
                "there is too much to count (more than %d MB of ClickHouse's memory, or longer than %d s); ask for one flag or a shorter time"
                    .formatted(
                        settings.queryMemory().toMegabytes(), settings.queryTime().toSeconds()))));
  }

  private static Problem unexpected(Throwable failure) {
    LOG.warn(
        "Analytical queries: ClickHouse did not answer one ({}); its caller is told to come again, nothing is lost",
        failure.toString());
    var away = ClickHouseFailures.away(failure);
    return new Problem.Unavailable(
        away == null
            ? "ClickHouse did not answer"
            : "ClickHouse's shard at " + away + " does not answer, and a part is no answer",
        RETRY_AFTER,
        failure);
  }
}
