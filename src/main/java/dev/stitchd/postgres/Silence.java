package dev.stitchd.postgres;

import java.util.concurrent.TimeUnit;
import reactor.core.scheduler.Scheduler;

/// When connections to PostgreSQL were last found to carry nothing any more. What ends one
/// connection without a word, as a network device that forgets or a fail-over, ends those beside it
/// too: each pool doubts what it last heard of before that. One is found silent if it fails its
/// proof, or if PostgreSQL says that it waits for us; that a statement takes long says nothing.
/// Safe from any thread.
final class Silence {

  private final Scheduler timer;
  private volatile long found;

  Silence(Scheduler timer) {
    this.timer = timer;
    this.found = now() - 1;
  }

  /// Milliseconds of a clock that nobody sets.
  long now() {
    return TimeUnit.NANOSECONDS.toMillis(timer.now(TimeUnit.NANOSECONDS));
  }

  /// Notes that a connection has just been found silent.
  void found() {
    found = now();
  }

  /// Whether one was found silent since then.
  boolean isSince(long time) {
    return found > time;
  }
}
