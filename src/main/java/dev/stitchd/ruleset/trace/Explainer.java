package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Explanation;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// Evaluates a flag and then explains it: the flag itself, and each flag and segment that is named
/// on the way, once. A walk of its own beside `Decision`, over the same compiled matchers, so that
/// explaining costs decisions nothing. Used once.
public final class Explainer {

  private final Ruleset ruleset;
  private final EvaluationContext context;
  private final Facts facts;
  private final EvaluationRun run;
  private final Shown shown;
  private final ConditionTrace conditions;
  private final Set<ItemName> seen = new HashSet<>();
  private final ArrayDeque<ItemName> open = new ArrayDeque<>();

  public Explainer(
      Ruleset ruleset, EvaluationContext context, Facts facts, Collection<String> hidden) {
    this.ruleset = ruleset;
    this.context = context;
    this.facts = facts;
    this.run = new EvaluationRun(ruleset, context, facts);
    this.shown = new Shown(context, hidden);
    this.conditions = new ConditionTrace(run, shown, this::named);
  }

  public Explanation explain(String flagKey) {
    var evaluation = Evaluator.evaluate(ruleset, flagKey, context, facts);
    named(ItemName.flag(flagKey));
    open.clear();
    var trace = flag(flagKey);
    if (evaluation.error() == ErrorCode.GENERAL) {
      trace.put("because", "the flag depends on itself, or on too long a chain of flags");
    }
    becauseUnsupported(trace, evaluation);
    unreadable(trace);
    var flags = trace.putObject("flags");
    var segments = trace.putObject("segments");
    while (!open.isEmpty()) {
      var item = open.remove();
      switch (item.kind()) {
        case FLAG -> flags.set(item.key(), otherFlag(item.key()));
        case SEGMENT -> segments.set(item.key(), segment(item.key()));
      }
    }
    return new Explanation(evaluation, trace);
  }

  /// What the context holds and nothing can read, so that it is unknown to every condition.
  private void unreadable(ObjectNode trace) {
    if (!context.unreadable().isEmpty()) {
      var paths = trace.putArray("unreadable");
      context.unreadable().forEach(paths::add);
    }
  }

  private void named(ItemName item) {
    if (seen.add(item)) {
      open.add(item);
    }
  }

  private ObjectNode flag(String key) {
    var flag = ruleset.flag(key);
    return flag == null
        ? Json.object().put("because", "there is no such flag here, or it is archived")
        : FlagTrace.of(flag, run, shown, conditions);
  }

  private ObjectNode otherFlag(String key) {
    var given = run.other(key);
    var node = Json.object().put("variant", given.variant()).put("reason", given.reason().name());
    node.put("ruleId", given.ruleId());
    node.setAll(flag(key));
    becauseUnsupported(node, given);
    return node;
  }

  private static void becauseUnsupported(ObjectNode trace, Evaluation evaluation) {
    if (evaluation.unsupported() != null) {
      trace.put(
          "because",
          "this version of the server cannot read what would decide (%s), so the flag gives its off variant"
              .formatted(evaluation.unsupported()));
    }
  }

  private ObjectNode segment(String key) {
    var segment = ruleset.segment(key);
    return segment == null
        ? Json.object().put("outcome", "unknown").put("missing", true)
        : SegmentTrace.of(segment, run, shown, conditions);
  }
}
