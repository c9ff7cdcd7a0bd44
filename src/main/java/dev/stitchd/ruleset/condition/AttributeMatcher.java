package dev.stitchd.ruleset.condition;

import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import dev.stitchd.ruleset.operator.ValueTest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// A compiled test of one attribute.
///
/// @param condition what was compiled
/// @param test null for the operators that ask only whether the attribute is there
public record AttributeMatcher(
    Condition.Attribute condition, Path path, @Nullable ValueTest test, boolean negative)
    implements Matcher {

  static AttributeMatcher of(Condition.Attribute condition) {
    var comparison = condition.operator().comparison();
    return new AttributeMatcher(
        condition,
        Path.of(condition.path()),
        comparison == null ? null : comparison.compile(condition.values()),
        condition.operator().negative());
  }

  @Override
  public Truth test(EvaluationRun run) {
    var value = path.in(run);
    var positive = test == null ? Truth.of(value != null) : compare(test, value);
    return negative ? positive.not() : positive;
  }

  private static Truth compare(ValueTest test, @Nullable JsonNode value) {
    if (value == null) {
      return Truth.UNKNOWN;
    }
    return value instanceof ArrayNode list ? anyElement(test, list) : test.test(value);
  }

  /// True if any element is, else unknown if any is, else false; so false for an empty list.
  private static Truth anyElement(ValueTest test, ArrayNode list) {
    var result = Truth.FALSE;
    for (var element : list) {
      var truth = test.test(element);
      if (truth == Truth.TRUE) {
        return Truth.TRUE;
      }
      if (truth == Truth.UNKNOWN) {
        result = Truth.UNKNOWN;
      }
    }
    return result;
  }
}
