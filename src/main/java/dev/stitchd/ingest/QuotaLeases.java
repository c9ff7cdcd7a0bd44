package dev.stitchd.ingest;

import dev.stitchd.catalog.QuotaTokens;
import dev.stitchd.catalog.QuotaTokens.Ask;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Leases tokens for all balances again and again, at intervals by chance, so that the nodes of an
/// installation take turns in being first. While PostgreSQL is out, every balance goes on with its
/// last share.
final class QuotaLeases implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(QuotaLeases.class);
  private static final double CHANCE = 0.2;

  private final Balances balances;
  private final QuotaTokens tokens;
  private final QuotaSettings settings;
  private final Scheduler timer;
  private final RandomGenerator chance;
  private volatile @Nullable Disposable run;

  /// These two are touched by one lease at a time.
  private long last;

  private boolean out;

  QuotaLeases(
      Balances balances,
      QuotaTokens tokens,
      QuotaSettings settings,
      Scheduler timer,
      RandomGenerator chance) {
    this.balances = balances;
    this.tokens = tokens;
    this.settings = settings;
    this.timer = timer;
    this.chance = chance;
  }

  @Override
  public void start() {
    run = leases().subscribe(_ -> {}, failure -> LOG.error("Quotas are not leased", failure));
  }

  @Override
  public void stop() {
    var running = run;
    run = null;
    if (running != null) {
      running.dispose();
    }
  }

  @Override
  public boolean isRunning() {
    return run != null;
  }

  @Override
  public int getPhase() {
    return 0; // before the web server listens
  }

  /// Never ends by itself; one lease at a time.
  Flux<Void> leases() {
    return Mono.defer(
            () -> {
              last = timer.now(TimeUnit.NANOSECONDS);
              return Mono.delay(pause(), timer);
            })
        .then(Mono.defer(this::lease))
        .repeat();
  }

  private Duration pause() {
    double factor = 1 - CHANCE + 2 * CHANCE * chance.nextDouble();
    return Duration.ofNanos((long) (settings.lease().toNanos() * factor));
  }

  private Mono<Void> lease() {
    var asks = balances.asks();
    return asks.isEmpty()
        ? Mono.empty()
        : tokens
            .lease(asks)
            .timeout(settings.leaseWithin(), timer)
            .doOnNext(leases -> balances.settle(asks, leases, seconds()))
            .doOnNext(_ -> answered())
            .onErrorResume(failure -> Mono.fromRunnable(() -> alone(asks, failure)))
            .then();
  }

  private void alone(List<Ask> asks, Throwable failure) {
    if (!out) {
      out = true;
      LOG.warn("Quotas go on with each node's last share: {}", failure.toString());
    }
    balances.settleAlone(asks, seconds());
  }

  private void answered() {
    if (out) {
      out = false;
      LOG.info("Quotas are shared again");
    }
  }

  private double seconds() {
    return Math.max(1e-3, (timer.now(TimeUnit.NANOSECONDS) - last) / 1e9);
  }
}
