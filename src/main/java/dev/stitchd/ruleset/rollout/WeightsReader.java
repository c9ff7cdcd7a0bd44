package dev.stitchd.ruleset.rollout;

import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Slot;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads the weights of a rollout.
public final class WeightsReader {

  private final FlagShape shape;
  private final JsonFields fields;
  private boolean wrong;

  private WeightsReader(FlagShape shape, JsonFields fields) {
    this.shape = shape;
    this.fields = fields;
  }

  /// The widths asked for, in the order of the flag's variants; null if anything is wrong, which is
  /// noted.
  static @Nullable Map<String, Integer> read(JsonFields rollout, FlagShape shape) {
    var value = rollout.requiredValue("weights");
    if (value == null) {
      return null;
    }
    var fields = rollout.object("weights");
    return value instanceof ObjectNode object
        ? new WeightsReader(shape, fields).read(object, rollout)
        : null;
  }

  private @Nullable Map<String, Integer> read(ObjectNode object, JsonFields rollout) {
    var asked = new HashMap<String, Integer>();
    object.properties().forEach(w -> asked.put(w.getKey(), width(w.getKey(), w.getValue())));
    long sum = asked.values().stream().mapToLong(Integer::intValue).sum();
    if (wrong) {
      return null;
    }
    if (sum != Slot.TOTAL) {
      rollout.error(
          "weights", "sum to " + Weights.percent((int) sum) + ", must sum to exactly 100");
      return null;
    }
    var ordered = new LinkedHashMap<String, Integer>();
    shape.variants().keySet().stream()
        .filter(asked::containsKey)
        .forEach(variant -> ordered.put(variant, asked.getOrDefault(variant, 0)));
    return ordered;
  }

  private int width(String variant, JsonNode percent) {
    try {
      int width = Weights.width(percent);
      // a removed variant may still be listed with no weight in an answer that is put back
      return width == 0 || shape.variants().containsKey(variant)
          ? width
          : wrong(variant, shape.unknownVariant(variant));
    } catch (IllegalArgumentException e) {
      return wrong(variant, String.valueOf(e.getMessage()));
    }
  }

  private int wrong(String variant, String message) {
    wrong = true;
    fields.error(variant, message);
    return 0;
  }
}
