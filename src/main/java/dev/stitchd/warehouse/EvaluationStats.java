package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// How often flags gave which variant.
public interface EvaluationStats {

  /// Evaluations per flag and variant in each interval, in order of start, flag and variant;
  /// intervals without evaluations are left out. An event counts once, however often and wherever
  /// it was sent; counted evaluations (`count` events) are added.
  ///
  /// Completes after the last row. Fails with [dev.stitchd.kernel.Problem.Invalid] if `from` is not
  /// before `to`, `interval` is shorter than a second or does not fit the days of its zone, or
  /// there would be more rows than `stitchd.clickhouse.query-rows`; with
  /// [dev.stitchd.kernel.Problem.Unavailable] while ClickHouse is out or too slow. Emits on the
  /// scheduler `warehouse`. Cancelling gives up the answer; the query runs to its end, which is
  /// bounded in time.
  ///
  /// @param flag one flag only; null for all
  /// @param from the first moment that counts
  /// @param to the first moment that does not count any more
  /// @param predecessors what is left out
  Flux<Row> counts(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Interval interval,
      Predecessors predecessors);

  /// The same in UTC, where no flag has a predecessor.
  default Flux<Row> counts(
      EnvironmentId environment,
      @Nullable String flag,
      Instant from,
      Instant to,
      Duration interval) {
    return counts(environment, flag, from, to, Interval.of(interval), Predecessors.NONE);
  }

  /// One flag's variant in one interval.
  record Row(Instant start, String flag, String variant, long count) {}
}
