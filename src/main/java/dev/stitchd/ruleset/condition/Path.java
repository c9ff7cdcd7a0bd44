package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.EvaluationContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// A dotted attribute path, split once.
public final class Path {

  private static final String TARGETING_KEY = "targetingKey";

  private final String[] names;
  private final boolean isTargetingKey;

  private Path(String[] names) {
    this.names = names;
    this.isTargetingKey = names.length == 1 && names[0].equals(TARGETING_KEY);
  }

  public static Path of(String dotted) {
    return new Path(dotted.split("\\.", -1));
  }

  /// Whether a context can have such a path: names that are not empty, no deeper than contexts
  /// nest.
  static boolean isValid(String dotted) {
    var names = EvaluationContext.names(dotted);
    return names.size() <= EvaluationContext.MAX_DEPTH && names.stream().noneMatch(String::isEmpty);
  }

  /// The value; null if it is absent or JSON null, or the empty targeting key.
  public @Nullable JsonNode in(EvaluationContext context) {
    JsonNode value = context.attributes();
    for (var name : names) {
      value = value instanceof ObjectNode object ? object.get(name) : null;
      if (value == null) {
        return null;
      }
    }
    return value instanceof NullNode || (isTargetingKey && isEmpty(value)) ? null : value;
  }

  private static boolean isEmpty(JsonNode value) {
    return value.isString() && value.stringValue().isEmpty();
  }
}
