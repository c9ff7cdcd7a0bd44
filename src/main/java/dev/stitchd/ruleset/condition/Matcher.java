package dev.stitchd.ruleset.condition;

import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import java.util.List;
import java.util.Set;

/// A compiled condition; made by [Matchers], asked by `Decision`, explained by `ConditionTrace`.
public sealed interface Matcher
    permits AttributeMatcher,
        Matcher.All,
        Matcher.Any,
        Matcher.FlagGives,
        Matcher.InSegment,
        Matcher.Not {

  Truth test(EvaluationRun run);

  /// False as soon as a part is, else unknown if any part is, else true.
  record All(List<Matcher> parts) implements Matcher {
    @Override
    public Truth test(EvaluationRun run) {
      return firstOrUnknown(parts, run, Truth.FALSE, Truth.TRUE);
    }
  }

  /// True as soon as a part is, else unknown if any part is, else false.
  record Any(List<Matcher> parts) implements Matcher {
    @Override
    public Truth test(EvaluationRun run) {
      return firstOrUnknown(parts, run, Truth.TRUE, Truth.FALSE);
    }
  }

  /// The opposite; of unknown, unknown.
  record Not(Matcher part) implements Matcher {
    @Override
    public Truth test(EvaluationRun run) {
      return part.test(run).not();
    }
  }

  /// Whether the context belongs to a segment.
  record InSegment(String segment) implements Matcher {
    @Override
    public Truth test(EvaluationRun run) {
      return run.inSegment(segment);
    }
  }

  /// Whether another flag gives one of these variants.
  record FlagGives(String flag, Set<String> variants) implements Matcher {
    @Override
    public Truth test(EvaluationRun run) {
      return Truth.of(run.gives(flag, variants));
    }
  }

  /// `decisive` as soon as a part says so, else unknown if any part is, else `otherwise`.
  private static Truth firstOrUnknown(
      List<Matcher> parts, EvaluationRun run, Truth decisive, Truth otherwise) {
    var result = otherwise;
    for (int i = 0; i < parts.size(); i++) { // by index: nothing is allocated
      var truth = parts.get(i).test(run);
      if (truth == decisive) {
        return decisive;
      }
      if (truth == Truth.UNKNOWN) {
        result = Truth.UNKNOWN;
      }
    }
    return result;
  }
}
