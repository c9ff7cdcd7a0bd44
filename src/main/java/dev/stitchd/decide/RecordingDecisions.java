package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
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
    return evaluate(caller, snapshot, flagKey, context, _ -> true);
  }

  @Override
  public Mono<Evaluation> evaluate(
      SdkCaller caller,
      Snapshot snapshot,
      String flagKey,
      EvaluationContext context,
      Predicate<Evaluation> takes) {
    return decide(caller, snapshot, flagKey, context)
        .doOnNext(evaluation -> {
          if (takes.test(evaluation)) {
            recorder.given(snapshot, evaluation, context);
          }
        });
  }

  @Override
  public @Nullable Evaluation evaluateNow(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    var evaluation = decideNow(caller, snapshot, flagKey, context);
    if (evaluation != null) {
      recorder.given(snapshot, evaluation, context);
    }
    return evaluation;
  }

  private @Nullable Evaluation decideNow(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    if (!VisibleFlags.maySee(caller, ruleset.flag(flagKey))) {
      return notFound(flagKey);
    }
    return Evaluator.needs(ruleset, flagKey, context).isEmpty()
        ? shownTo(caller, ruleset, Evaluator.evaluate(ruleset, flagKey, context, lists.none()))
        : null;
  }

  @Override
  public @Nullable List<Evaluation> evaluateAllNow(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    var visible = VisibleFlags.of(caller, snapshot);
    if (!Evaluator.needs(ruleset, visible, context).isEmpty()) {
      return null;
    }
    var evaluations =
        shownTo(caller, ruleset, Evaluator.evaluateAll(ruleset, visible, context, lists.none()));
    recorder.givenAll(snapshot.environment(), evaluations);
    return evaluations;
  }

  @Override
  public Mono<List<Evaluation>> evaluateAll(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    var visible = VisibleFlags.of(caller, snapshot);
    return lists
        .of(snapshot.environment(), Evaluator.needs(ruleset, visible, context))
        .map(facts ->
            shownTo(caller, ruleset, Evaluator.evaluateAll(ruleset, visible, context, facts)))
        .doOnNext(evaluations -> recorder.givenAll(snapshot.environment(), evaluations));
  }

  private Mono<Evaluation> decide(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    var ruleset = snapshot.ruleset();
    return VisibleFlags.maySee(caller, ruleset.flag(flagKey))
        ? lists
            .of(snapshot.environment(), Evaluator.needs(ruleset, flagKey, context))
            .map(facts ->
                shownTo(caller, ruleset, Evaluator.evaluate(ruleset, flagKey, context, facts)))
        : Mono.just(notFound(flagKey));
  }

  private static List<Evaluation> shownTo(
      SdkCaller caller, Ruleset ruleset, List<Evaluation> evaluations) {
    return ruleset.unsupported().isEmpty()
        ? evaluations
        : evaluations.stream().map(one -> shownTo(caller, ruleset, one)).toList();
  }

  /// Clients are not told the names of what a flag depends on, nor what could not be read of it.
  private static Evaluation shownTo(SdkCaller caller, Ruleset ruleset, Evaluation evaluation) {
    if (evaluation.unsupported() == null || caller.kind() == SdkCaller.Kind.SERVER) {
      return evaluation;
    }
    var flag = ruleset.flag(evaluation.flagKey());
    return flag != null && flag.unsupported() != null
        ? evaluation
        : evaluation.withUnsupported("something that the flag depends on");
  }

  private static Evaluation notFound(String flagKey) {
    return new Evaluation(
        flagKey, null, Reason.ERROR, null, null, null, false, null, ErrorCode.FLAG_NOT_FOUND);
  }
}
