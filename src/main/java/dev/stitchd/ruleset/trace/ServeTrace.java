package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import dev.stitchd.ruleset.rollout.Chooser;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// Explains what a rule or the default gives: the variant, and for a rollout the bucket and the
/// slots it was looked up in. `variant` is null where a rollout finds nothing to bucket by.
public final class ServeTrace {

  private ServeTrace() {}

  /// @param serve what was compiled to `chooser`
  static ObjectNode of(Serve serve, Chooser chooser, EvaluationContext context, Shown shown) {
    var outcome = chooser.choose(context);
    var node = Json.object().put("variant", outcome == null ? null : outcome.variant());
    if (serve instanceof Serve.Rollout rollout && chooser instanceof Chooser.Split split) {
      node.set("rollout", rollout(rollout, split, context, shown));
    }
    return node;
  }

  private static ObjectNode rollout(
      Serve.Rollout rollout, Chooser.Split split, EvaluationContext context, Shown shown) {
    var node = Json.object().put("bucketBy", rollout.bucketBy()).put("salt", rollout.salt());
    shown.put(node, "unit", rollout.bucketBy());
    var unit = split.unit(context);
    int bucket = unit == null ? -1 : split.bucket(unit);
    if (unit == null) {
      node.putNull("bucket");
    } else {
      node.put("bucket", bucket);
    }
    slots(node, rollout.slots(), bucket);
    return node;
  }

  private static void slots(ObjectNode node, List<Slot> slots, int bucket) {
    var list = node.putArray("slots");
    int from = 0;
    for (var slot : slots) {
      int end = from + slot.width();
      var entry =
          list.addObject().put("variant", slot.variant()).put("from", from).put("to", end - 1);
      if (bucket >= from && bucket < end) {
        entry.put("chosen", true);
      }
      from = end;
    }
  }
}
