package dev.stitchd.revisionlog;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.HistoryRows.Batch;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Shortens the log to the named history, in small transactions with rests between, so that nobody
/// notices. One node at a time does it; what is to be done is found in the database each time, so
/// another one goes on where it ended.
final class HistoryPruning implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(HistoryPruning.class);

  private final OutageLog outage =
      new OutageLog(
          LOG,
          "History: the log of published revisions is not shortened, so it takes more space than it has to; trying again",
          "History: the log of published revisions is shortened again");
  private final Transactions transactions;
  private final AdvisoryLock lock;
  private final HistorySettings settings;
  private final Scheduler timer;
  private final Counter removed;
  private final AtomicInteger left = new AtomicInteger();

  HistoryPruning(
      Transactions transactions,
      AdvisoryLock lock,
      HistorySettings settings,
      Scheduler timer,
      MeterRegistry meters) {
    this.transactions = transactions;
    this.lock = lock;
    this.settings = settings;
    this.timer = timer;
    this.removed =
        Counter.builder("stitchd.history.pruned")
            .description("Rows of the log of published revisions that were removed")
            .register(meters);
    Gauge.builder("stitchd.history.left", left, AtomicInteger::get)
        .description("Environments of the tenant in hand whose log is still to be shortened")
        .register(meters);
  }

  @Override
  public String name() {
    return "history";
  }

  @Override
  public String withoutIt() {
    return "the log of published revisions grows";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  /// Never ends by itself: a turn that is due while another still runs is left out.
  @Override
  public Flux<Void> work() {
    return Turns.every(settings.historyInterval(), timer, this::turn);
  }

  private Mono<Void> turn() {
    return lock.holding(Mono.defer(this::prune))
        .onErrorComplete(AdvisoryLock.Taken.class)
        .doOnSuccess(_ -> outage.worked())
        .doOnError(outage::failed)
        .onErrorComplete() // the next turn goes on
        .doFinally(_ -> left.set(0));
  }

  private Mono<Void> prune() {
    return transactions
        .onPlatform(HistoryRows::tenants)
        .flatMapIterable(tenants -> tenants)
        .concatMapDelayError(this::prune) // one that fails keeps no other waiting
        .then();
  }

  private Mono<Void> prune(TenantId tenant) {
    return transactions
        .inTenant(tenant, session -> HistoryRows.environments(session, tenant, settings.history()))
        .doOnNext(found -> left.set(found.size()))
        .flatMapIterable(found -> found)
        .concatMapDelayError(environment -> prune(tenant, environment))
        .then();
  }

  private Mono<Void> prune(TenantId tenant, EnvironmentId environment) {
    return batch(tenant, environment, Batch.NONE)
        .expand(batch -> next(tenant, environment, batch))
        .doOnNext(batch -> removed.increment(batch.removed()))
        .doOnComplete(left::decrementAndGet)
        .then();
  }

  private Mono<Batch> next(TenantId tenant, EnvironmentId environment, Batch last) {
    return last.removed() < settings.historyBatch()
        ? Mono.empty()
        : batch(tenant, environment, last).delaySubscription(settings.historyPause(), timer);
  }

  private Mono<Batch> batch(TenantId tenant, EnvironmentId environment, Batch after) {
    return transactions.inTenant(
        tenant,
        session ->
            HistoryRows.prune(
                session, tenant, environment, settings.history(), after, settings.historyBatch()));
  }
}
