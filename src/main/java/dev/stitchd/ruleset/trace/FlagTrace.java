package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import dev.stitchd.ruleset.rollout.Chooser;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Explains one flag: the steps of `Decision` in their order, each with what it saw and whether it
/// was reached; also those after the one that decided, so that a reader sees what would follow.
/// Used once.
public final class FlagTrace {

  private final Flag flag;
  private final EvaluationRun run;
  private final Shown shown;
  private final ConditionTrace conditions;
  private @Nullable String because;

  private FlagTrace(Flag flag, EvaluationRun run, Shown shown, ConditionTrace conditions) {
    this.flag = flag;
    this.run = run;
    this.shown = shown;
    this.conditions = conditions;
  }

  static ObjectNode of(Flag flag, EvaluationRun run, Shown shown, ConditionTrace conditions) {
    return new FlagTrace(flag, run, shown, conditions).write();
  }

  private ObjectNode write() {
    var plan = flag.plan();
    var node = Json.object().put("because", "");
    var cannotRead = flag.unsupported();
    if (cannotRead != null) {
      node.put("unsupported", cannotRead);
    }
    node.put("enabled", plan.enabled()).put("offVariant", plan.off().variant());
    if (!plan.enabled()) {
      decide("the flag is off here, so it gives its off variant '" + plan.off().variant() + "'");
    }
    if (cannotRead != null) {
      decide(
          "this version of the server cannot read all of the flag (%s), so it gives its off variant '%s'"
              .formatted(cannotRead, plan.off().variant()));
    }
    prerequisites(node.putArray("prerequisites"));
    targets(node.putArray("targets"));
    rules(node.putArray("rules"));
    otherwise(node.putObject("default"));
    return node.put("because", because);
  }

  /// The first step that decides is the reason.
  private void decide(String reason) {
    if (because == null) {
      because = reason;
    }
  }

  private boolean isReached() {
    return because == null;
  }

  private void prerequisites(ArrayNode list) {
    for (var prerequisite : flag.targeting().prerequisites()) {
      var node = list.addObject().put("reached", isReached());
      conditions.gives(node, prerequisite.flag(), prerequisite.variants());
      boolean holds =
          run.satisfies(prerequisite.flag(), java.util.Set.copyOf(prerequisite.variants()));
      node.put("outcome", ConditionTrace.outcome(Truth.of(holds)));
      if (!holds) {
        decide(
            "the prerequisite '%s' does not hold, so the flag gives its off variant '%s'"
                .formatted(prerequisite.flag(), flag.plan().off().variant()));
      }
    }
  }

  private void targets(ArrayNode list) {
    for (var target : flag.plan().targets()) {
      var key = run.context().keyOf(target.contextType());
      boolean listed = key != null && target.keys().contains(key);
      var node = list.addObject().put("reached", isReached());
      node.put("contextType", target.contextType());
      shown.putKey(node, target.contextType());
      node.put("keys", target.keys().size()).put("listed", listed);
      node.put("variant", target.outcome().variant());
      if (listed) {
        decide(
            "the %s is one of the individual targets of '%s'"
                .formatted(target.contextType(), target.outcome().variant()));
      }
    }
  }

  private void rules(ArrayNode list) {
    for (int i = 0; i < flag.plan().rules().size(); i++) {
      var rule = flag.plan().rules().get(i);
      var truth = rule.when().test(run);
      var node = list.addObject().put("id", rule.id()).put("reached", isReached());
      node.put("outcome", ConditionTrace.outcome(truth));
      node.set("when", conditions.of(rule.when()));
      var serve = serve(flag.targeting().rules().get(i).serve(), rule.chooser());
      node.set("serve", serve);
      if (truth == Truth.TRUE && !serve.get("variant").isNull()) {
        decide("rule '%s' is true and gives %s".formatted(rule.id(), given(serve)));
      }
    }
  }

  private void otherwise(ObjectNode node) {
    var serve = serve(flag.targeting().otherwise(), flag.plan().otherwise());
    node.put("reached", isReached()).set("serve", serve);
    decide(
        serve.get("variant").isNull()
            ? "no rule gives anything, and the context lacks what the default is bucketed by, so the flag gives its off variant '%s'"
                .formatted(flag.plan().off().variant())
            : "no step before it gives anything, so the default gives " + given(serve));
  }

  private ObjectNode serve(Serve serve, Chooser chooser) {
    return ServeTrace.of(serve, chooser, run.context(), shown);
  }

  private static String given(ObjectNode serve) {
    var variant = "'" + serve.get("variant").asString() + "'";
    if (!serve.has("rollout")) {
      return variant;
    }
    var bucket = serve.at("/rollout/bucket");
    return bucket.isNull()
        ? variant + " to every bucket"
        : variant + " to bucket " + bucket.asString();
  }
}
