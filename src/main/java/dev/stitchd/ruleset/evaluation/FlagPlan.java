package dev.stitchd.ruleset.evaluation;

import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.ValueType;
import dev.stitchd.ruleset.condition.Matcher;
import dev.stitchd.ruleset.condition.Matchers;
import dev.stitchd.ruleset.rollout.Chooser;
import dev.stitchd.ruleset.rollout.Outcome;
import java.util.List;
import java.util.Set;

/// A compiled flag: what the evaluator walks.
public record FlagPlan(
    String flagKey,
    ValueType type,
    boolean enabled,
    Outcome off,
    List<PlannedPrerequisite> prerequisites,
    List<PlannedTarget> targets,
    List<PlannedRule> rules,
    Chooser otherwise) {

  public record PlannedPrerequisite(String flag, Set<String> variants) {}

  public record PlannedTarget(String contextType, Set<String> keys, Outcome outcome) {}

  public record PlannedRule(String id, Matcher when, Chooser chooser) {}

  public static FlagPlan of(String key, FlagShape shape, Targeting targeting) {
    return new FlagPlan(
        key,
        shape.type(),
        targeting.enabled(),
        outcome(shape, targeting.offVariant()),
        targeting.prerequisites().stream()
            .map(p -> new PlannedPrerequisite(p.flag(), Set.copyOf(p.variants())))
            .toList(),
        targeting.targets().stream()
            .map(t -> new PlannedTarget(t.contextType(), t.keys(), outcome(shape, t.variant())))
            .toList(),
        targeting.rules().stream().map(r -> planned(shape, r)).toList(),
        Chooser.of(targeting.otherwise(), variant -> outcome(shape, variant)));
  }

  private static PlannedRule planned(FlagShape shape, Targeting.Rule rule) {
    return new PlannedRule(
        rule.id(),
        Matchers.compile(rule.when()),
        Chooser.of(rule.serve(), variant -> outcome(shape, variant)));
  }

  private static Outcome outcome(FlagShape shape, String variant) {
    return new Outcome(variant, shape.variants().get(variant));
  }

  /// Whether nothing in the flag looks at the context or at other flags.
  boolean isStatic() {
    return rules.isEmpty()
        && targets.isEmpty()
        && prerequisites.isEmpty()
        && otherwise instanceof Chooser.Fixed;
  }
}
