package dev.stitchd.erasure;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.erasure.ErasureRows.Begun;
import dev.stitchd.erasure.ErasureRows.Found;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.warehouse.EventRemoval;
import dev.stitchd.warehouse.EventRemoval.Removed;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
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
          "Erasures: what is to be erased could not be read from PostgreSQL, or what was done noted there; trying again: bring PostgreSQL back",
          "Erasures: PostgreSQL answers again");
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
        .flatMap(this::carryOn)
        .doOnSuccess(_ -> unread.worked())
        .doOnError(unread::failed)
        .onErrorComplete();
  }

  private Mono<Void> carryOn(List<Found> found) {
    var old = found.stream().filter(Found::old).toList();
    var again = found.stream().filter(Found::again).toList();
    var due = found.stream().filter(one -> !one.old() && !one.again()).toList();
    var erased =
        due.isEmpty()
            ? Mono.<Void>empty()
            : erasures
                .holding(rollups.holding(Mono.defer(() -> erase(due))))
                .onErrorComplete(AdvisoryLock.Taken.class);
    return Flux.fromIterable(old)
        .concatMap(this::forget)
        .thenMany(Flux.fromIterable(again))
        .concatMap(this::again)
        .then(erased);
  }

  private Mono<Void> erase(List<Found> due) {
    return Flux.fromIterable(due)
        .concatMap(found ->
            transactions.inTenant(found.tenant(), session -> ErasureRows.start(session, found)))
        .collectList()
        .flatMap(begun -> begun.isEmpty() ? Mono.empty() : eraseOrNote(begun));
  }

  /// Each ends by itself: of some, rows may go on coming.
  private Mono<Void> eraseOrNote(List<Begun> begun) {
    var removals = begun.stream().map(Begun::removal).toList();
    return removal
        .remove(removals)
        .concatMap(removed -> progress(begun, removed).thenReturn(removed))
        .reduce(Set.<Integer>of(), ErasureJob::withThoseLeft)
        .flatMap(left ->
            done(only(begun, i -> !left.contains(i)))
                .then(failedIfAny(only(begun, left::contains))))
        .doOnError(outage::failed)
        .onErrorResume(failure -> failed(begun));
  }

  /// Which of a batch still have rows.
  private static Set<Integer> withThoseLeft(Set<Integer> before, List<Removed> removed) {
    var left = new HashSet<>(before);
    for (int i = 0; i < removed.size(); i++) {
      if (removed.get(i).left()) {
        left.add(i);
      }
    }
    return left;
  }

  private static List<Begun> only(List<Begun> begun, IntPredicate which) {
    return IntStream.range(0, begun.size()).filter(which).mapToObj(begun::get).toList();
  }

  private Mono<Void> failedIfAny(List<Begun> left) {
    if (left.isEmpty()) {
      outage.worked();
      return Mono.empty();
    }
    outage.failed(
        new EventSink.Unavailable("rows of %d erasures go on coming".formatted(left.size())));
    return failed(left);
  }

  private Mono<Void> progress(List<Begun> begun, List<Removed> removed) {
    return Flux.range(0, begun.size())
        .concatMap(i ->
            transactions.inTenant(
                begun.get(i).found().tenant(),
                session ->
                    ErasureRows.progress(session, begun.get(i).found(), removed.get(i).rows())))
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

  private Mono<Long> again(Found found) {
    return transactions.inTenant(
        found.tenant(), session -> ErasureRows.again(session, found.tenant(), List.of(found)));
  }

  private Mono<Long> forget(Found old) {
    return transactions.inTenant(old.tenant(), session -> ErasureRows.forget(session, old));
  }
}
