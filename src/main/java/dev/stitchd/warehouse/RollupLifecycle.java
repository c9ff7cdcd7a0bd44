package dev.stitchd.warehouse;

import dev.stitchd.postgres.AdvisoryLock;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Rolls closed hours up for as long as the server runs, on one node at a time. Nothing depends on
/// it but speed: what is not rolled up is counted from events.
final class RollupLifecycle implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(RollupLifecycle.class);

  private final Rollups rollups;
  private final RollupMeters meters;
  private final AdvisoryLock lock;
  private final WarehouseHealth health;
  private final WarehouseSettings settings;
  private final Clock clock;
  private final Scheduler timer;
  private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();

  /// Whether this process has looked back to the beginning. Only the one look at a time touches it.
  private boolean lookedAtAll;

  RollupLifecycle(
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
  public void start() {
    running.set(looks().subscribe(_ -> {}, e -> LOG.error("Nothing is rolled up any more", e)));
  }

  /// Never ends by itself: a look that is due while another still runs is left out.
  private Flux<Void> looks() {
    return Flux.interval(settings.rollupInterval(), settings.rollupInterval(), timer)
        .onBackpressureDrop()
        .filter(_ -> health.isUp())
        .concatMap(_ -> look(), 1);
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
    LOG.warn("Closed hours could not be rolled up: {}", failure.getMessage());
  }

  @Override
  public void stop() {
    var looking = running.getAndSet(null);
    if (looking != null) {
      looking.dispose();
    }
  }

  @Override
  public boolean isRunning() {
    return running.get() != null;
  }

  /// Stops before the connections are closed.
  @Override
  public int getPhase() {
    return WarehouseLifecycle.PHASE + 1;
  }
}
