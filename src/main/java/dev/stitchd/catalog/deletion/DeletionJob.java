package dev.stitchd.catalog.deletion;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.catalog.deletion.DeletionRows.Found;
import dev.stitchd.catalog.deletion.RemovalRows.Batch;
import dev.stitchd.catalog.deletion.RemovalRows.Kept;
import dev.stitchd.catalog.deletion.RemovalRows.Remains;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes the rows of deleted projects and environments, on every node, one node at a time for
/// each. What is left is found in the database each time, so any node carries on with what another
/// one began.
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
  private final Scheduler timer;

  /// Deletions of which only rows are left that go by themselves. Nobody adds to what is hidden.
  private final Set<UUID> emptied = ConcurrentHashMap.newKeySet();

  DeletionJob(
      DeletionRows rows,
      Transactions transactions,
      @Qualifier("managementLender") Lender postgres,
      DeletionSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.transactions = transactions;
    this.postgres = postgres;
    this.settings = settings;
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

  /// Fails never: the next turn tries again.
  private Mono<Void> turn() {
    return rows.toDo(settings.kept())
        .concatMapDelayError(found -> found.old() ? forget(found) : carryOn(found))
        .then()
        .doOnSuccess(_ -> outage.worked())
        .doOnError(outage::failed)
        .onErrorComplete();
  }

  private Mono<Void> carryOn(Found deletion) {
    return AdvisoryLock.ofDeletion(postgres, deletion.id())
        .holding(Mono.defer(() -> remove(deletion)))
        .onErrorComplete(AdvisoryLock.Taken.class);
  }

  private Mono<Void> remove(Found deletion) {
    return transactions
        .inTenant(deletion.tenant(), session -> RemovalRows.start(session, deletion))
        .switchIfEmpty(Mono.fromRunnable(() -> emptied.remove(deletion.id()))) // done elsewhere
        .flatMap(remains ->
            (emptied.contains(deletion.id()) ? Mono.<Void>empty() : emptied(deletion, remains))
                .doOnSuccess(_ -> emptied.add(deletion.id()))
                .then(Mono.defer(() -> finish(deletion, remains))));
  }

  private Mono<Void> emptied(Found deletion, Remains remains) {
    var environments =
        Flux.fromIterable(remains.environments())
            .concatMap(environment -> emptied(deletion, RemovalRows.OF_ENVIRONMENT, environment));
    var project =
        Mono.justOrEmpty(remains.project())
            .flatMap(id -> emptied(deletion, RemovalRows.OF_PROJECT, id));
    return environments.then(project);
  }

  private Mono<Void> emptied(Found deletion, List<Kept> tables, UUID owner) {
    return Flux.fromIterable(tables)
        .concatMap(kept ->
            batch(deletion, kept, owner, Batch.BEFORE_THE_FIRST)
                .expand(last -> next(deletion, kept, owner, last)))
        .then();
  }

  private Mono<Batch> next(Found deletion, Kept kept, UUID owner, Batch last) {
    return last.removed() < settings.batch()
        ? Mono.empty()
        : batch(deletion, kept, owner, last).delaySubscription(settings.pause(), timer);
  }

  private Mono<Batch> batch(Found deletion, Kept kept, UUID owner, Batch after) {
    return transactions.inTenant(
        deletion.tenant(),
        session -> RemovalRows.remove(session, deletion, kept, owner, after, settings.batch()));
  }

  /// What is not gone yet goes before a later turn.
  private Mono<Void> finish(Found deletion, Remains remains) {
    return transactions
        .inTenant(deletion.tenant(), session -> RemovalRows.finish(session, deletion, remains))
        .doOnNext(removed -> {
          emptied.remove(deletion.id());
          LOG.info("Deletions: {} is done, {} rows were removed", deletion.id(), removed);
        })
        .then();
  }

  private Mono<Void> forget(Found old) {
    return transactions.inTenant(old.tenant(), session -> DeletionRows.forget(session, old)).then();
  }
}
