package dev.stitchd.stream;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// Times by chance, so that what happened together does not come back together. Safe from any
/// thread if its source is.
record Jitter(RandomGenerator chance, StreamSettings settings) {

  /// When a client may come again.
  Duration retry() {
    return between(settings.shortestRetry(), settings.longestRetry());
  }

  /// How old a stream may grow.
  Duration age() {
    return between(settings.shortestAge(), settings.longestAge());
  }

  /// When the first heartbeat comes; the others follow at the full interval.
  Duration firstHeartbeat() {
    return between(Duration.ofMillis(1), settings.heartbeat());
  }

  private Duration between(Duration shortest, Duration longest) {
    long width = Math.max(0, longest.toMillis() - shortest.toMillis());
    return shortest.plusMillis(chance.nextLong(width + 1));
  }
}
