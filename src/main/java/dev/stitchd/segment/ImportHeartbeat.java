package dev.stitchd.segment;

import dev.stitchd.postgres.Transactions;
import dev.stitchd.segment.upkeep.UpkeepSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Tells other nodes that an import is alive.
@Component
final class ImportHeartbeat {

  private static final Logger LOG = LoggerFactory.getLogger(ImportHeartbeat.class);

  private final Transactions transactions;
  private final UpkeepSettings settings;
  private final Scheduler timer;

  ImportHeartbeat(
      Transactions transactions, UpkeepSettings settings, @Qualifier("timer") Scheduler timer) {
    this.transactions = transactions;
    this.settings = settings;
    this.timer = timer;
  }

  /// The work, with a heartbeat for as long as it lasts. An import that others have given up fails
  /// at the next beat.
  Mono<Void> during(ImportRun run, Mono<Void> work) {
    return Mono.firstWithSignal(work, beats(run));
  }

  private Mono<Void> beats(ImportRun run) {
    return Flux.interval(settings.heartbeat(), timer)
        .onBackpressureDrop()
        .concatMap(_ -> beat(run), 1)
        .then(Mono.never());
  }

  private Mono<Void> beat(ImportRun run) {
    return transactions
        .inTenant(run.author.tenant(), session -> ImportRows.beat(session, run).thenReturn(true))
        .onErrorResume(
            failure -> !(failure instanceof dev.stitchd.kernel.Problem),
            failure -> missed(run, failure))
        .then();
  }

  private Mono<Boolean> missed(ImportRun run, Throwable failure) {
    LOG.warn(
        "Lists: import {} could not write its heartbeat and goes on; without one for {} another node calls it failed: {}",
        run.id,
        settings.silence(),
        failure.toString());
    return Mono.just(false);
  }
}
