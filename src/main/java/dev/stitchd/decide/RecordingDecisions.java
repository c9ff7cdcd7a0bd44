package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Evaluates, and tells the [Recorder] what was given.
@Component
final class RecordingDecisions implements Decisions {

  private final VisibleFlags flags;
  private final Recorder recorder;

  RecordingDecisions(VisibleFlags flags, Recorder recorder) {
    this.flags = flags;
    this.recorder = recorder;
  }

  @Override
  public Mono<Evaluation> evaluate(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    return Mono.fromSupplier(() -> decide(caller, snapshot.ruleset(), flagKey, context))
        .doOnNext(evaluation -> recorder.given(snapshot, evaluation, context));
  }

  @Override
  public Mono<List<Evaluation>> evaluateAll(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
    return Mono.fromSupplier(() -> decideAll(caller, snapshot.ruleset(), context))
        .doOnNext(evaluations -> recorder.givenAll(snapshot.environment(), evaluations));
  }

  private Evaluation decide(
      SdkCaller caller, Ruleset ruleset, String flagKey, EvaluationContext context) {
    return VisibleFlags.maySee(caller, ruleset.flag(flagKey))
        ? Evaluator.evaluate(ruleset, flagKey, context, facts())
        : notFound(flagKey);
  }

  private List<Evaluation> decideAll(SdkCaller caller, Ruleset ruleset, EvaluationContext context) {
    return Evaluator.evaluateAll(ruleset, flags.of(caller, ruleset), context, facts());
  }

  /// Members of list segments are not fetched yet, so whoever is asked about them is unknown, which
  /// degrades the evaluation.
  private static Facts facts() {
    return Facts.NONE;
  }

  private static Evaluation notFound(String flagKey) {
    return new Evaluation(
        flagKey, null, Reason.ERROR, null, null, null, false, ErrorCode.FLAG_NOT_FOUND);
  }
}
