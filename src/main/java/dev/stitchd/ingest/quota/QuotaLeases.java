package dev.stitchd.ingest.quota;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.ingest.quota.QuotaTokens.Ask;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Leases tokens for all balances again and again, at intervals by chance, so that the nodes of an
/// installation take turns in being first. While PostgreSQL is out, every balance goes on with its
/// last share.
public final class QuotaLeases implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(QuotaLeases.class);
  private static final double CHANCE = 0.2;

  private final TokenBalances balances;
  private final QuotaTokens tokens;
  private final QuotaSettings settings;
  private final Scheduler timer;
  private final RandomGenerator chance;

  private final OutageLog outage =
      new OutageLog(LOG, "Quotas go on with each node's last share", "Quotas are shared again");

  /// Touched by one lease at a time.
  private long last;

  public QuotaLeases(
      TokenBalances balances,
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

  /// Never ends by itself; one lease at a time.
  @Override
  public Flux<Void> work() {
    return Mono.defer(
            () -> {
              last = timer.now(TimeUnit.NANOSECONDS);
              return Mono.delay(pause(), timer);
            })
        .then(Mono.defer(this::lease))
        .repeat();
  }

  @Override
  public String name() {
    return "quota leases";
  }

  @Override
  public String withoutIt() {
    return "quotas go on with the last share of this node";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
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
            .doOnNext(_ -> outage.worked())
            .onErrorResume(failure -> Mono.fromRunnable(() -> alone(asks, failure)))
            .then();
  }

  private void alone(List<Ask> asks, Throwable failure) {
    outage.failed(failure);
    balances.settleAlone(asks, seconds());
  }

  private double seconds() {
    return Math.max(1e-3, (timer.now(TimeUnit.NANOSECONDS) - last) / 1e9);
  }
}
