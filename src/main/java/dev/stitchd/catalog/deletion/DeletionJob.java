package dev.stitchd.catalog.deletion;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.catalog.deletion.DeletionRows.Found;
import dev.stitchd.catalog.deletion.RemovalRows.Batch;
import dev.stitchd.catalog.deletion.RemovalRows.Remains;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes the rows of deleted projects and environments, on every node, one node at a time for
/// each, and each for a while before the next has its turn. What is left is found in the database
/// each time, so any node carries on with what another one began.
@Component
final class DeletionJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(DeletionJob.class);

  private final OutageLog outage =
      new OutageLog(
          LOG,
          "Deletions: rows of deleted projects and environments stay for now, which nobody sees; trying again",
          "Deletions: rows of deleted projects and environments are removed again");
  private final DeletionRows rows;
  private final Transactions transactions;
  private final Lender postgres;
  private final DeletionSettings settings;
  private final DeletionMeters meters;
  private final Scheduler timer;

  /// By deletion, as far as this node went.
  private final Map<UUID, Progress> progress = new ConcurrentHashMap<>();

  DeletionJob(
      DeletionRows rows,
      Transactions transactions,
      @Qualifier("managementLender") Lender postgres,
      DeletionSettings settings,
      DeletionMeters meters,
      @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.transactions = transactions;
    this.postgres = postgres;
    this.settings = settings;
    this.meters = meters;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "deletions";
  }

  @Override
  public String withoutIt() {
    return "rows of deleted projects and environments stay, which nobody sees";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  @Override
  public Flux<Void> work() {
    return Turns.every(settings.check(), timer, this::turn);
  }

  /// Fails never: the next turn tries again. Goes on while there is something to be removed, and
  /// looks each time what there is, so that nobody waits for all of a large deletion.
  private Mono<Void> turn() {
    return Mono.defer(this::round)
        .repeat()
        .takeUntil(unfinished -> unfinished == 0)
        .then()
        .doOnError(outage::failed)
        .onErrorComplete();
  }

  /// Each deletion has its turn. Emits how many were left in the midst.
  private Mono<Long> round() {
    return rows.toDo(settings.kept())
        .doOnNext(this::tell)
        .flatMapIterable(found -> found)
        .concatMapDelayError(
            found -> found.old() ? forget(found).then(Mono.<UUID>empty()) : carryOn(found))
        .count()
        .doOnNext(_ -> outage.worked());
  }

  private void tell(List<Found> found) {
    meters.found(
        found.stream()
            .filter(one -> !one.old())
            .findFirst()
            .map(Found::open)
            .orElse(DeletionRows.Open.NONE));
    progress.keySet().retainAll(found.stream().map(Found::id).collect(Collectors.toSet()));
  }

  /// Emits the deletion if its turn ended before all was removed.
  private Mono<UUID> carryOn(Found deletion) {
    return AdvisoryLock.ofDeletion(postgres, deletion.id())
        .holding(Mono.defer(() -> remove(deletion)))
        .then(
            Mono.defer(() -> Mono.justOrEmpty(progress.get(deletion.id())))
                .filter(reached -> !reached.isEmptied())
                .map(_ -> deletion.id()))
        .onErrorComplete(AdvisoryLock.Taken.class);
  }

  private Mono<Void> remove(Found deletion) {
    return transactions
        .inTenant(deletion.tenant(), session -> RemovalRows.start(session, deletion))
        .switchIfEmpty(Mono.fromRunnable(() -> progress.remove(deletion.id()))) // done elsewhere
        .flatMap(remains -> {
          var reached = progress.computeIfAbsent(deletion.id(), _ -> new Progress(remains));
          return emptied(deletion, reached)
              .then(
                  Mono.defer(() -> reached.isEmptied() ? finish(deletion, remains) : Mono.empty()));
        });
  }

  /// A batch in each transaction, until all is removed or the turn is over.
  private Mono<Void> emptied(Found deletion, Progress reached) {
    long until = timer.now(TimeUnit.MILLISECONDS) + settings.turn().toMillis();
    return reached.isEmptied()
        ? Mono.empty()
        : Mono.defer(() -> batch(deletion, reached))
            .doOnNext(batch -> reached.removed(batch, settings.batch()))
            .doOnNext(batch -> meters.removed(batch.removed()))
            .repeat(() -> !reached.isEmptied() && timer.now(TimeUnit.MILLISECONDS) < until)
            .then();
  }

  private Mono<Batch> batch(Found deletion, Progress reached) {
    var step = reached.step();
    var batch =
        transactions
            .inTenant(
                deletion.tenant(),
                session ->
                    RemovalRows.remove(
                        session,
                        deletion,
                        step.kept(),
                        step.owner(),
                        reached.last(),
                        settings.batch()))
            .defaultIfEmpty(Batch.BEFORE_THE_FIRST);
    return reached.last().removed() == 0 ? batch : batch.delaySubscription(settings.pause(), timer);
  }

  /// What is not gone yet goes before a later turn.
  private Mono<Void> finish(Found deletion, Remains remains) {
    return transactions
        .inTenant(deletion.tenant(), session -> RemovalRows.finish(session, deletion, remains))
        .doOnNext(removed -> {
          progress.remove(deletion.id());
          LOG.info("Deletions: {} is done, {} rows were removed", deletion.id(), removed);
        })
        .then();
  }

  private Mono<Void> forget(Found old) {
    return transactions.inTenant(old.tenant(), session -> DeletionRows.forget(session, old)).then();
  }
}
