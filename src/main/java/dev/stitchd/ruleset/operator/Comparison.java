package dev.stitchd.ruleset.operator;

import java.util.List;
import tools.jackson.databind.JsonNode;

/// How an operator compares.
public interface Comparison {

  /// Checks one of the operator's values.
  ///
  /// @throws IllegalArgumentException if it is not of the operator's type; the message completes
  ///   "values\[0\] …"
  void check(JsonNode value);

  /// Compiles the operator's values, any of which makes the test true.
  ///
  /// @throws IllegalArgumentException as [#check] does
  ValueTest compile(List<JsonNode> values);
}
