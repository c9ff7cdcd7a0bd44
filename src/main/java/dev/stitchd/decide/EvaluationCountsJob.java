package dev.stitchd.decide;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Flushes the [EvaluationCounts] at an interval, and a last time when no request can come any
/// more.
@Component
final class EvaluationCountsJob implements BackgroundJob {

  private final EvaluationCounts tally;
  private final DecideSettings settings;
  private final Scheduler timer;

  EvaluationCountsJob(
      EvaluationCounts tally, DecideSettings settings, @Qualifier("timer") Scheduler timer) {
    this.tally = tally;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "counts of bulk evaluations";
  }

  @Override
  public String withoutIt() {
    return "bulk evaluations are not counted";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  @Override
  public Flux<Void> work() {
    return Turns.runEvery(settings.countInterval(), timer, tally::flush);
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(tally::flush);
  }
}
