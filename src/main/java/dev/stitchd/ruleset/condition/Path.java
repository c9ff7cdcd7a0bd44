package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// The path of an attribute, split once.
public final class Path {

  /// The time of the evaluation, whatever the context holds under this name.
  public static final String NOW = "$now";

  private static final String TARGETING_KEY = "targetingKey";

  private final String[] names;
  private final boolean isTargetingKey;
  private final boolean isNow;

  private Path(String[] names, boolean isNow) {
    this.names = names;
    this.isNow = isNow;
    this.isTargetingKey = names.length == 1 && names[0].equals(TARGETING_KEY);
  }

  /// @throws IllegalArgumentException if it is no path
  public static Path of(String dotted) {
    var names = AttributePath.names(dotted);
    if (names == null) {
      throw new IllegalArgumentException("'" + dotted + "' is no path of an attribute");
    }
    return new Path(names.toArray(String[]::new), dotted.equals(NOW));
  }

  /// Whether it is a path, and no deeper than contexts nest.
  static boolean isValid(String dotted) {
    var names = AttributePath.names(dotted);
    return names != null && names.size() <= EvaluationContext.MAX_DEPTH;
  }

  /// The value that an evaluation sees; null if it is absent or JSON null, or the empty targeting
  /// key.
  public @Nullable JsonNode in(EvaluationRun run) {
    return isNow ? run.now() : in(run.context());
  }

  /// As the other, of a context alone, which has no time.
  public @Nullable JsonNode in(EvaluationContext context) {
    if (isNow) {
      return null;
    }
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
