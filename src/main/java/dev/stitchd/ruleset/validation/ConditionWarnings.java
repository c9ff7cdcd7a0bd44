package dev.stitchd.ruleset.validation;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.operator.Addresses;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Finds what may be saved and hardly is what was meant: conditions that are always true or never,
/// and values that are read as others than they look.
public final class ConditionWarnings {

  private static final Pattern LEADING_ZERO =
      Pattern.compile("(.*[.])?0[0-9]+([./].*)?|.*:0[0-9]+[.].*|.*/0[0-9]+");

  private final List<FieldError> found = new ArrayList<>();

  private ConditionWarnings() {}

  /// @param path where the condition stands in the item
  public static List<FieldError> of(Condition condition, String path) {
    var warnings = new ConditionWarnings();
    warnings.visit(condition, path);
    return warnings.found;
  }

  private void visit(Condition condition, String path) {
    switch (condition) {
      case Condition.All(var parts) ->
          visit(parts, path + ".all", "is always true, since it has no parts");
      case Condition.Any(var parts) ->
          visit(parts, path + ".any", "is never true, since it has no parts");
      case Condition.Not(var part) -> visit(part, path + ".not");
      case Condition.Attribute attribute -> visit(attribute, path + ".values");
      case Condition.InSegment _, Condition.FlagGives _ -> {}
    }
  }

  private void visit(List<Condition> parts, String path, String ifEmpty) {
    if (parts.isEmpty()) {
      found.add(new FieldError(path, ifEmpty));
    }
    for (int i = 0; i < parts.size(); i++) {
      visit(parts.get(i), path + "[" + i + "]");
    }
  }

  private void visit(Condition.Attribute attribute, String path) {
    var values = attribute.values();
    switch (attribute.operator()) {
      case NOT_EQUALS, NOT_IN -> {
        if (values.stream().map(JsonNode::getNodeType).distinct().count() > 1) {
          found.add(
              new FieldError(
                  path,
                  "are of several types, so that "
                      + attribute.operator().wire()
                      + " is never true: whatever the attribute is, it cannot be compared with some of them"));
        }
      }
      case IN_CIDR -> {
        for (int i = 0; i < values.size(); i++) {
          visitBlock(values.get(i), path + "[" + i + "]");
        }
      }
      default -> {}
    }
  }

  private void visitBlock(JsonNode value, String path) {
    if (LEADING_ZERO.matcher(value.stringValue()).matches()) {
      found.add(
          new FieldError(
              path,
              "has a number with leading zeros, which some read as octal; it is taken as "
                  + Addresses.block(value)));
    }
  }
}
