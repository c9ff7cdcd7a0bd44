package dev.stitchd.ruleset.evaluation;

import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.operator.Truth;
import dev.stitchd.ruleset.rollout.Chooser;
import dev.stitchd.ruleset.rollout.Outcome;
import org.jspecify.annotations.Nullable;

/// Walks one flag, in the order of the model's table; the first step that applies decides.
public final class Decision {

  /// The name of the default's rollout among the rules' ids.
  public static final String DEFAULT_ID = "default";

  private final FlagPlan plan;
  private final EvaluationRun run;

  private Decision(FlagPlan plan, EvaluationRun run) {
    this.plan = plan;
    this.run = run;
  }

  static Evaluation of(FlagPlan plan, EvaluationRun run) {
    return new Decision(plan, run).decide();
  }

  private Evaluation decide() {
    if (!plan.enabled()) {
      return give(plan.off(), Reason.DISABLED, null);
    }
    boolean prerequisitesHold = prerequisitesHold();
    if (run.unsupported() != null) {
      return unsupported();
    }
    if (!prerequisitesHold) {
      return give(plan.off(), Reason.PREREQUISITE_FAILED, null);
    }
    var individual = individual();
    if (individual != null) {
      return give(individual, Reason.TARGETING_MATCH, null);
    }
    var ruled = byRule();
    if (run.unsupported() != null) {
      return unsupported();
    }
    return ruled == null ? byDefault() : ruled;
  }

  /// Something was asked that this version cannot read, so what would follow is not known.
  private Evaluation unsupported() {
    return give(plan.off(), Reason.DEFAULT, null);
  }

  private boolean prerequisitesHold() {
    for (var prerequisite : plan.prerequisites()) {
      if (!run.satisfies(prerequisite.flag(), prerequisite.variants())) {
        return false;
      }
    }
    return true;
  }

  private @Nullable Outcome individual() {
    for (var target : plan.targets()) {
      var key = run.context().keyOf(target.contextType());
      if (key != null && target.keys().contains(key)) {
        return target.outcome();
      }
    }
    return null;
  }

  private @Nullable Evaluation byRule() {
    for (var rule : plan.rules()) {
      var truth = rule.when().test(run);
      if (run.unsupported() != null) {
        return null;
      }
      if (truth == Truth.TRUE) {
        var outcome = rule.chooser().choose(run.context());
        if (outcome != null) {
          return give(outcome, reason(rule.chooser()), rule.id());
        }
      }
    }
    return null;
  }

  private Evaluation byDefault() {
    var outcome = plan.otherwise().choose(run.context());
    if (outcome == null) {
      return withoutUnit();
    }
    return switch (plan.otherwise()) {
      case Chooser.Split _ -> give(outcome, Reason.SPLIT, DEFAULT_ID);
      case Chooser.Fixed _ -> give(outcome, plan.isStatic() ? Reason.STATIC : Reason.DEFAULT, null);
    };
  }

  /// The default's rollout has nothing to bucket by. That alone decided, unless a fact was missing
  /// that could have let a rule decide first.
  private Evaluation withoutUnit() {
    var off = give(plan.off(), Reason.DEFAULT, null);
    return run.degraded() ? off : off.withError(ErrorCode.TARGETING_KEY_MISSING);
  }

  private static Reason reason(Chooser chooser) {
    return switch (chooser) {
      case Chooser.Fixed _ -> Reason.TARGETING_MATCH;
      case Chooser.Split _ -> Reason.SPLIT;
    };
  }

  private Evaluation give(Outcome outcome, Reason reason, @Nullable String ruleId) {
    return new Evaluation(
        plan.flagKey(),
        plan.type(),
        reason,
        outcome.variant(),
        outcome.value(),
        ruleId,
        run.degraded(),
        run.unsupported(),
        null);
  }
}
