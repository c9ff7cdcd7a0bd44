package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// What flags give to a context. A client key sees only flags marked client-visible, the others as
/// if they were unknown; what those depend on is evaluated all the same. A fact that cannot be
/// fetched degrades the evaluation and never fails it. Answers arrive on the caller's thread when
/// no fact is needed; otherwise all facts of a call are fetched in one statement.
public interface Decisions {

  /// What one flag gives, and a record that it was given: an exposure if the context has a
  /// targeting key that may be stored and the answer is not degraded, otherwise a count.
  Mono<Evaluation> evaluate(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context);

  /// As the other, for a caller that cannot take everything.
  ///
  /// @param takes whether the caller can take what was given; what it cannot is not recorded
  Mono<Evaluation> evaluate(
      SdkCaller caller,
      Snapshot snapshot,
      String flagKey,
      EvaluationContext context,
      Predicate<Evaluation> takes);

  /// As [#evaluate], if no fact has to be fetched for it; null otherwise, and then nothing is
  /// recorded. Never waits.
  default @Nullable Evaluation evaluateNow(
      SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
    return null;
  }

  /// What all flags that the caller may see give, in order of their keys; counted, and never an
  /// exposure, since whoever asks for all flags has not shown them all.
  Mono<List<Evaluation>> evaluateAll(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context);

  /// As [#evaluateAll], if no fact has to be fetched for it; null otherwise, and then nothing is
  /// recorded. Never waits.
  default @Nullable List<Evaluation> evaluateAllNow(
      SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
    return null;
  }
}
