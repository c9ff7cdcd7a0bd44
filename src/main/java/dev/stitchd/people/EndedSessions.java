package dev.stitchd.people;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes sessions, links and wrong attempts that have ended. They count no more from the instant
/// at which they ended, so this is about room alone.
@Component
final class EndedSessions implements BackgroundJob {

  private static final Duration PAUSE = Duration.ofMinutes(10);

  private final Transactions transactions;
  private final SignInSettings settings;
  private final Scheduler timer;

  EndedSessions(
      Transactions transactions, SignInSettings settings, @Qualifier("timer") Scheduler timer) {
    this.transactions = transactions;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "ended sessions";
  }

  @Override
  public String withoutIt() {
    return "rows of sessions that have ended stay in PostgreSQL";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  @Override
  public Flux<Long> work() {
    return Flux.interval(PAUSE, timer)
        .onBackpressureDrop()
        .concatMap(_ -> transactions.onPlatform(this::clear));
  }

  private Mono<Long> clear(Session session) {
    return SignInRows.forgetOld(session, settings.wrongWindow())
        .then(SignInRows.clearEnded(session));
  }
}
