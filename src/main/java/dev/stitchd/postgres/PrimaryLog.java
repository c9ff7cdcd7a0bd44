package dev.stitchd.postgres;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/// Where the primary's log was lately, and when: who has replayed it up to there has all that was
/// committed before that time. Written by one thread at a time, read by any.
final class PrimaryLog {

  /// @param asked when the question was asked, in nanoseconds of the timer
  record Sample(long asked, ReplicaRows.Standing standing) {

    /// Whether a standby has all of it.
    boolean isIn(ReplicaRows.Standing standby) {
      return standby.standby() && standby.isOfHistoryOf(standing) && isBefore(standby.position());
    }

    boolean isBefore(long position) {
      return standing.position() <= position;
    }
  }

  private final Duration lag;
  private final Scheduler timer;
  private volatile List<Sample> samples = List.of();

  /// @param lag how old a sample may be to be of use
  PrimaryLog(Duration lag, Scheduler timer) {
    this.lag = lag;
    this.timer = timer;
  }

  long now() {
    return timer.now(TimeUnit.NANOSECONDS);
  }

  void add(Sample sample) {
    long oldest = now() - lag.toNanos();
    samples =
        Stream.concat(
                samples.stream().filter(earlier -> earlier.asked() - oldest >= 0),
                Stream.of(sample))
            .toList();
  }

  /// What a replica must have replayed to be no more than the lag behind; null if that is not
  /// known.
  @Nullable Sample required() {
    return required(now() - lag.toNanos());
  }

  /// The same, and to have all that was committed before a time.
  @Nullable Sample required(long since) {
    long oldest = now() - lag.toNanos();
    long from = since - oldest > 0 ? since : oldest;
    return samples.stream().filter(sample -> sample.asked() - from >= 0).findFirst().orElse(null);
  }
}
