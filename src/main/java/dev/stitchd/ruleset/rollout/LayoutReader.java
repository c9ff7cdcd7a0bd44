package dev.stitchd.ruleset.rollout;

import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Reads the salt and the slots that a file has of a rollout.
final class LayoutReader {

  private static final int LONGEST_SALT = 100;

  private LayoutReader() {}

  /// The layout that the file has; that in force if it has none, and if it is the same, with what
  /// is remembered of it. Mistakes are noted.
  static Serve.@Nullable Rollout read(JsonFields rollout, Serve.@Nullable Rollout current) {
    if (rollout.has("salt") != rollout.has("slots")) {
      rollout.error(
          rollout.has("salt") ? "slots" : "salt", "is required: salt and slots belong together");
      return current;
    }
    if (!rollout.has("salt")) {
      return current;
    }
    var salt = rollout.requiredText("salt", LONGEST_SALT);
    var slots = slots(rollout);
    if (slots.isEmpty()) {
      return current;
    }
    return current != null && current.salt().equals(salt) && current.slots().equals(slots)
        ? current
        : new Serve.Rollout("", Reweighting.widths(slots), salt, slots, List.of());
  }

  private static List<Slot> slots(JsonFields rollout) {
    var slots = new ArrayList<Slot>();
    long sum = 0;
    for (var node : rollout.list("slots", Limits.SLOTS)) {
      if (!isSlot(node)) {
        rollout.error("slots", "must be pairs of a variant and a width, as [\"on\", 10000]");
        return List.of();
      }
      slots.add(new Slot(node.path(0).stringValue(), node.path(1).intValue()));
      sum += node.path(1).intValue();
    }
    if (sum != Slot.TOTAL) {
      rollout.error("slots", "widths sum to " + sum + ", must sum to exactly " + Slot.TOTAL);
      return List.of();
    }
    return slots;
  }

  private static boolean isSlot(JsonNode node) {
    return node.size() == 2
        && node.path(0).isString()
        && node.path(1).isInt()
        && node.path(1).intValue() > 0
        && node.path(1).intValue() <= Slot.TOTAL;
  }
}
