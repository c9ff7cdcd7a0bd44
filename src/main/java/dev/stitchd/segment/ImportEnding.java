package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentLists;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.ReadYourWrites;
import dev.stitchd.segment.upload.LineErrors;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// How an import ends: the row flips, or it is called failed.
@Component
final class ImportEnding {

  private static final Logger LOG = LoggerFactory.getLogger(ImportEnding.class);

  /// An editor held a lock for too long, or two waited for each other: nothing happened.
  private static final Set<String> AGAIN = Set.of("55P03", "40P01", "40001");

  private static final int TRIES = 5;
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final Transactions transactions;
  private final ReadYourWrites readYourWrites;
  private final SegmentLists lists;
  private final ListSettings settings;
  private final Scheduler timer;
  private final MeterRegistry meters;

  ImportEnding(
      Transactions transactions,
      ReadYourWrites readYourWrites,
      SegmentLists lists,
      ListSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    this.transactions = transactions;
    this.readYourWrites = readYourWrites;
    this.lists = lists;
    this.settings = settings;
    this.timer = timer;
    this.meters = meters;
  }

  /// Makes the import's generation the list. Whoever asked waits for a while and then hears that it
  /// runs; it goes on without them.
  Mono<MemberImport> finish(ImportRun run) {
    var finished = flipped(run).cache();
    return Mono.firstWithSignal(
        finished, Mono.delay(settings.answerAfter(), timer).then(Mono.defer(() -> status(run))));
  }

  /// Calls an import failed, so that its generation is removed. Never fails: what cannot be said
  /// now is found out by its silence.
  Mono<Void> fail(ImportRun run, String why, LineErrors errors) {
    meters.counter("stitchd.lists.imports", "outcome", "failed").increment();
    return transactions
        .inTenant(
            run.author.tenant(),
            session ->
                ImportRows.fail(session, run, why, errors)
                    .then(ImportRows.forget(session, run, settings.importsKept())))
        .doOnError(failure ->
            LOG.warn(
                "Lists: import {} has failed, which could not be written; it is shown as running until its heartbeats are missed: {}",
                run.id,
                failure.toString()))
        .onErrorComplete()
        .then();
  }

  private Mono<MemberImport> flipped(ImportRun run) {
    return readYourWrites
        .afterwards(transactions.inTenant(run.author.tenant(), session -> flip(session, run)))
        .retryWhen(
            Retry.backoff(TRIES, PAUSE)
                .scheduler(timer)
                .filter(ImportEnding::isWorthAnotherTry)
                .onRetryExhaustedThrow((_, last) -> last.failure()))
        .doOnNext(_ -> meters.counter("stitchd.lists.imports", "outcome", "done").increment())
        .onErrorResume(failure -> settled(run, failure));
  }

  private Mono<MemberImport> flip(Session session, ImportRun run) {
    return lists
        .replace(
            session,
            run.author,
            run.path,
            run.segment,
            run.generation,
            run.included(),
            run.excluded())
        .then(Mono.defer(() -> ImportRows.done(session, run)))
        .then(Mono.defer(() -> ImportRows.forget(session, run, settings.importsKept())))
        .then(Mono.defer(() -> ImportRows.find(session, run.author.tenant(), run.segment, run.id)));
  }

  /// A commit whose answer was lost may have happened: then the import cannot be failed any more,
  /// and is done.
  private Mono<MemberImport> settled(ImportRun run, Throwable failure) {
    return fail(run, why(failure), new LineErrors(1))
        .then(Mono.defer(() -> status(run)))
        .filter(now -> now.state() == MemberImport.State.DONE)
        .switchIfEmpty(Mono.error(failure));
  }

  private Mono<MemberImport> status(ImportRun run) {
    return transactions.inTenant(
        run.author.tenant(),
        session -> ImportRows.find(session, run.author.tenant(), run.segment, run.id));
  }

  private static boolean isWorthAnotherTry(Throwable failure) {
    return failure instanceof R2dbcException refused
        && AGAIN.contains(String.valueOf(refused.getSqlState()));
  }

  private static String why(Throwable failure) {
    return failure instanceof Problem problem
        ? problem.detail()
        : "the list could not be exchanged";
  }
}
