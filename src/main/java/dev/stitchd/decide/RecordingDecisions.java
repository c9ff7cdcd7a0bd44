package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Fetches the facts that are needed, evaluates, and tells the [Recorder] what was given.
@Component
final class RecordingDecisions implements Decisions {

  private final ListFacts lists;
  private final Recorder recorder;

  RecordingDecisions(ListFacts lists, Recorder recorder) {
    this.lists = lists;
    this.recorder = recorder;
  }

  @Override
  public Mono<Evaluation> evaluate(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    return decide(caller, snapshot, flagKey, context)
        .doOnNext(evaluation -> recorder.given(snapshot, evaluation, context));
  }

  @Override
  public Mono<List<Evaluation>> evaluateAll(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    var visible = VisibleFlags.of(caller, snapshot);
    return lists
        .of(snapshot.environment(), Evaluator.needs(ruleset, visible, context))
        .map(facts -> Evaluator.evaluateAll(ruleset, visible, context, facts))
        .doOnNext(evaluations -> recorder.givenAll(snapshot.environment(), evaluations));
  }

  private Mono<Evaluation> decide(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    return VisibleFlags.maySee(caller, ruleset.flag(flagKey))
        ? lists
            .of(snapshot.environment(), Evaluator.needs(ruleset, flagKey, context))
            .map(facts -> Evaluator.evaluate(ruleset, flagKey, context, facts))
        : Mono.just(notFound(flagKey));
  }

  private static Evaluation notFound(String flagKey) {
    return new Evaluation(
        flagKey, null, Reason.ERROR, null, null, null, false, ErrorCode.FLAG_NOT_FOUND);
  }
}
