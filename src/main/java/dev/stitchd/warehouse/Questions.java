package dev.stitchd.warehouse;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
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

/// The manners of every analytical question: asked only while ClickHouse is up, bounded in time and
/// rows, and whatever goes wrong is told as a [Problem].
final class Questions {

  private static final Logger LOG = LoggerFactory.getLogger(Questions.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /// How long after ClickHouse's own limit an answer is still waited for.
  private static final Duration GRACE = Duration.ofSeconds(3);

  private final AnalyticalQueries queries;
  private final WarehouseHealth health;
  private final ClickHouseSettings settings;
  private final Scheduler timer;
  private final Scheduler warehouse;

  Questions(
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

  /// All rows of one question. Emits one list on the scheduler `warehouse`; fails with
  /// [Problem.Unavailable] while ClickHouse is out, too slow or has too much to do. Cancelling
  /// gives up the answer; the query runs to its end, which is bounded in time.
  ///
  /// @param sql without settings, with parameters as `:name`; bounds its rows itself
  <T> Mono<List<T>> ask(String sql, Map<String, Object> parameters, Function<Row, T> mapper) {
    return ask(sql, "", parameters, mapper);
  }

  /// The same for samples: reads about as many rows as are allowed and answers from these.
  <T> Mono<List<T>> sample(
      String sql, long rows, Map<String, Object> parameters, Function<Row, T> mapper) {
    var settings = ", max_rows_to_read = " + rows + ", read_overflow_mode = 'break'";
    return ask(sql, settings, parameters, mapper);
  }

  private <T> Mono<List<T>> ask(
      String sql, String more, Map<String, Object> parameters, Function<Row, T> mapper) {
    return Mono.defer(
            () -> health.isUp() ? queries.rows(sql + bounds() + more, parameters, mapper) : out())
        .timeout(patience(), timer)
        .onErrorMap(this::asProblem)
        .publishOn(warehouse);
  }

  /// Most rows of an answer.
  int rows() {
    return settings.queryRows();
  }

  /// Ends a question that has more rows than an answer may have; it must have asked for one more.
  <T> List<T> withinLimit(List<T> rows, String parameter, String advice) {
    if (rows.size() > rows()) {
      var errors = new FieldErrors();
      errors.add(parameter, "gives more than " + rows() + " rows; " + advice);
      errors.throwIfAny();
    }
    return rows;
  }

  private String bounds() {
    return "\nSETTINGS max_execution_time = "
        + settings.queryTime().toSeconds()
        + ", timeout_overflow_mode = 'throw', prefer_column_name_to_alias = 1";
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
