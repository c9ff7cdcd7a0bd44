package dev.stitchd.background;

import java.time.Duration;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// How a job waits for a store that is out when the process starts: silently, since health tells of
/// the outage, and for as long as it takes; the job's end cancels it.
public final class OutageRetry {

  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private OutageRetry() {}

  /// Tries again after a second, then ever more seldom, at last every ten seconds.
  public static Retry untilAnswered(Scheduler timer) {
    return Retry.backoff(Long.MAX_VALUE, FIRST).maxBackoff(LONGEST).scheduler(timer);
  }
}
