package dev.stitchd.erasure;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.erasure.ErasureRows.Begun;
import dev.stitchd.erasure.ErasureRows.Found;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.warehouse.EventRemoval;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Carries erasures out, on every node, one node at a time, and while no rollups are made, which
/// could be of what is just being removed. Many are carried out together: what it costs to rewrite
/// a part of a table does not depend on how many rows go.
@Component
final class ErasureJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ErasureJob.class);

  private final OutageLog outage =
      new OutageLog(
          LOG,
          "Erasures: events that are to be erased stay in ClickHouse for now; trying again: bring ClickHouse back",
          "Erasures: events are erased again");
  private final OutageLog unread =
      new OutageLog(
          LOG,
          "Erasures: what is to be erased could not be read from PostgreSQL; trying again: bring PostgreSQL back",
          "Erasures: what is to be erased is read again");
  private final ErasureRows rows;
  private final Transactions transactions;
  private final EventRemoval removal;
  private final AdvisoryLock erasures;
  private final AdvisoryLock rollups;
  private final ErasureSettings settings;
  private final Scheduler timer;

  ErasureJob(
      ErasureRows rows,
      Transactions transactions,
      EventRemoval removal,
      @Qualifier("managementLender") Lender postgres,
      ErasureSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.transactions = transactions;
    this.removal = removal;
    this.erasures = AdvisoryLock.ofErasures(postgres);
    this.rollups = AdvisoryLock.ofRollups(postgres);
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public Flux<Void> work() {
    return Turns.every(settings.check(), timer, this::turn);
  }

  @Override
  public String name() {
    return "erasures";
  }

  @Override
  public String withoutIt() {
    return "events that are to be erased stay in ClickHouse";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  /// Fails never: a later turn tries again.
  private Mono<Void> turn() {
    return rows.toDo(settings.settle(), settings.kept(), settings.batch())
        .doOnNext(_ -> unread.worked())
        .doOnError(unread::failed)
        .flatMap(this::carryOn)
        .onErrorComplete();
  }

  private Mono<Void> carryOn(List<Found> found) {
    var old = found.stream().filter(Found::old).toList();
    var due = found.stream().filter(one -> !one.old()).toList();
    var erased =
        due.isEmpty()
            ? Mono.<Void>empty()
            : erasures
                .holding(rollups.holding(Mono.defer(() -> erase(due))))
                .onErrorComplete(AdvisoryLock.Taken.class);
    return Flux.fromIterable(old).concatMap(this::forget).then(erased);
  }

  private Mono<Void> erase(List<Found> due) {
    return Flux.fromIterable(due)
        .concatMap(found ->
            transactions.inTenant(found.tenant(), session -> ErasureRows.start(session, found)))
        .collectList()
        .flatMap(begun -> begun.isEmpty() ? Mono.empty() : eraseOrNote(begun));
  }

  private Mono<Void> eraseOrNote(List<Begun> begun) {
    return removal
        .remove(begun.stream().map(Begun::removal).toList())
        .concatMap(removed -> progress(begun, removed))
        .then(Mono.defer(() -> done(begun)))
        .doOnSuccess(_ -> outage.worked())
        .doOnError(outage::failed)
        .onErrorResume(failure -> failed(begun));
  }

  private Mono<Void> progress(List<Begun> begun, List<Long> removed) {
    return Flux.range(0, begun.size())
        .concatMap(i ->
            transactions.inTenant(
                begun.get(i).found().tenant(),
                session -> ErasureRows.progress(session, begun.get(i).found(), removed.get(i))))
        .then();
  }

  private Mono<Void> done(List<Begun> begun) {
    return Flux.fromIterable(begun)
        .concatMap(one ->
            transactions.inTenant(one.found().tenant(), session -> ErasureRows.done(session, one)))
        .reduce(0L, Long::sum)
        .filter(done -> done > 0)
        .doOnNext(done -> LOG.info("Erasures: {} are done", done))
        .then();
  }

  private Mono<Void> failed(List<Begun> begun) {
    return Flux.fromIterable(begun)
        .concatMap(one ->
            transactions.inTenant(
                one.found().tenant(),
                session -> ErasureRows.failed(session, one.found(), settings.retryMax())))
        .then();
  }

  private Mono<Long> forget(Found old) {
    return transactions.inTenant(old.tenant(), session -> ErasureRows.forget(session, old));
  }
}
