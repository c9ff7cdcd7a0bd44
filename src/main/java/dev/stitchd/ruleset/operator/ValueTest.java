package dev.stitchd.ruleset.operator;

import tools.jackson.databind.JsonNode;

/// A compiled comparison with an operator's values.
@FunctionalInterface
public interface ValueTest {

  /// Compares one value of an attribute that is not a list; unknown if it is of another type than
  /// the operator's.
  Truth test(JsonNode value);
}
