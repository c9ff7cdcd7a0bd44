package dev.stitchd.ruleset;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.evaluation.ReachableLists;
import dev.stitchd.ruleset.trace.Explainer;
import java.util.Collection;
import java.util.List;

/// Decides what flags give. Pure and synchronous: no I/O, no clock, no chance (rules hear of the
/// time by [Facts#now]); the same arguments always give the same answer, on every node.
public final class Evaluator {

  private Evaluator() {}

  /// What a flag gives to a context.
  public static Evaluation evaluate(
      Ruleset ruleset, String flagKey, EvaluationContext context, Facts facts) {
    return new EvaluationRun(ruleset, context, facts).evaluate(flagKey);
  }

  /// What several flags give to one context, in the order asked; cheaper than asking one by one
  /// when they depend on the same flags and segments.
  public static List<Evaluation> evaluateAll(
      Ruleset ruleset, Collection<String> flagKeys, EvaluationContext context, Facts facts) {
    var run = new EvaluationRun(ruleset, context, facts);
    return flagKeys.stream().map(run::evaluate).toList();
  }

  /// What a flag gives to a context, and each step of the way there. Costs many times what
  /// [#evaluate] does, and always gives the same.
  ///
  /// @param hidden dotted paths whose values the trace must not show
  public static Explanation explain(
      Ruleset ruleset,
      String flagKey,
      EvaluationContext context,
      Facts facts,
      Collection<String> hidden) {
    return new Explainer(ruleset, context, facts, hidden).explain(flagKey);
  }

  /// Which facts the evaluation of a flag could ask for; often none.
  public static Needs needs(Ruleset ruleset, String flagKey, EvaluationContext context) {
    var flag = ruleset.hasLists() ? ruleset.flag(flagKey) : null;
    return flag == null || !flag.namesOthers()
        ? Needs.NONE
        : needs(ruleset, List.of(flagKey), context);
  }

  /// Which facts the evaluation of several flags could ask for.
  public static Needs needs(
      Ruleset ruleset, Collection<String> flagKeys, EvaluationContext context) {
    return ruleset.hasLists() ? ReachableLists.of(ruleset, flagKeys, context, false) : Needs.NONE;
  }

  /// Which facts an explanation shows: also those behind flags that are off.
  public static Needs needsToExplain(Ruleset ruleset, String flagKey, EvaluationContext context) {
    return ruleset.hasLists()
        ? ReachableLists.of(ruleset, List.of(flagKey), context, true)
        : Needs.NONE;
  }
}
