package dev.stitchd.background;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import reactor.core.scheduler.Scheduler;

/// When something that is kept in memory was last compared with the store that knows it. Health
/// names it once that is too long ago, whatever the reason is. Safe from any thread.
public final class LastConfirmed implements HealthIndicator {

  private final Duration within;
  private final Scheduler timer;
  private volatile long at;

  /// Counts from now.
  public LastConfirmed(Duration within, Scheduler timer) {
    this.within = within;
    this.timer = timer;
    this.at = timer.now(TimeUnit.NANOSECONDS);
  }

  /// Notes that all of it has just been compared.
  public void confirm() {
    at = timer.now(TimeUnit.NANOSECONDS);
  }

  @Override
  public Health health() {
    var age = timer.now(TimeUnit.NANOSECONDS) - at;
    return (age <= within.toNanos() ? Health.up() : Health.outOfService()).build();
  }
}
