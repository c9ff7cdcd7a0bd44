package dev.stitchd.warehouse.rollup;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Rolls closed hours up for as long as the server runs, on one node at a time. Nothing depends on
/// it but speed: what is not rolled up is counted from events.
final class RollupJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(RollupJob.class);

  private final Rollups rollups;
  private final RollupMeters meters;
  private final AdvisoryLock lock;
  private final WarehouseHealth health;
  private final WarehouseSettings settings;
  private final Clock clock;
  private final Scheduler timer;

  /// Whether this process has looked back to the beginning. Only the one look at a time touches it.
  private boolean lookedAtAll;

  RollupJob(
      Rollups rollups,
      RollupMeters meters,
      AdvisoryLock lock,
      WarehouseHealth health,
      WarehouseSettings settings,
      Clock clock,
      Scheduler timer) {
    this.rollups = rollups;
    this.meters = meters;
    this.lock = lock;
    this.health = health;
    this.settings = settings;
    this.clock = clock;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "rollups";
  }

  @Override
  public String withoutIt() {
    return "closed hours are counted from single events, which is slower";
  }

  @Override
  public StartOrder order() {
    return StartOrder.ROLLUPS;
  }

  /// Never ends by itself: a look that is due while another still runs is left out.
  @Override
  public Flux<Void> work() {
    return Turns.every(
        settings.rollupInterval(), timer, () -> health.isUp() ? look() : Mono.empty());
  }

  private Mono<Void> look() {
    return lock.holding(Mono.defer(this::rollUp))
        .doOnError(AdvisoryLock.Taken.class, this::elsewhere)
        .doOnError(e -> !(e instanceof AdvisoryLock.Taken), this::failed)
        .onErrorComplete(); // the next look does it
  }

  private Mono<Void> rollUp() {
    var from = from();
    var begun = meters.begun();
    return rollups
        .behind(from)
        .doOnNext(meters::behind)
        .then(rollups.since(from))
        .doOnNext(written -> done(begun, written))
        .then();
  }

  private Instant from() {
    return lookedAtAll ? clock.instant().minus(settings.rollupLookback()) : Instant.EPOCH;
  }

  private void done(Timer.Sample begun, long written) {
    lookedAtAll = true;
    meters.done(begun, written);
    if (written > 0) {
      LOG.debug("Rolled up {} hours of flags", written);
    }
  }

  private void elsewhere(AdvisoryLock.Taken taken) {
    meters.elsewhere();
    LOG.debug("No rollup here: {}", taken.getMessage());
  }

  private void failed(Throwable failure) {
    meters.failed();
    LOG.warn(
        "Rollups: closed hours could not be rolled up ({}); they are counted from events, which is slower, and tried again",
        failure.getMessage());
  }
}
