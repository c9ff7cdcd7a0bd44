package dev.stitchd.ruleset.validation;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.condition.Path;
import dev.stitchd.ruleset.operator.Addresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Finds what may be saved and hardly is what was meant: conditions that are always true or never,
/// and values that are read as others than they look.
public final class ConditionWarnings {

  private static final Pattern LEADING_ZERO =
      Pattern.compile("(.*[.])?0[0-9]+([./].*)?|.*:0[0-9]+[.].*|.*/0[0-9]+");

  /// Patterns for everything; there are others.
  private static final Set<String> ANYTHING = Set.of("", "^", "$", ".*", "^.*", ".*$");

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
      case Condition.All(var parts) -> {
        visit(parts, path + ".all", "is always true, since it has no parts");
        EmptyRanges.among(parts).forEach(attribute -> note(path + ".all", noneBetween(attribute)));
      }
      case Condition.Any(var parts) ->
          visit(parts, path + ".any", "is never true, since it has no parts");
      case Condition.Not(var part) -> visit(part, path + ".not");
      case Condition.Attribute attribute -> visit(attribute, path);
      case Condition.InSegment _, Condition.FlagGives _ -> {}
    }
  }

  private void visit(List<Condition> parts, String path, String ifEmpty) {
    if (parts.isEmpty()) {
      note(path, ifEmpty);
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
          note(
              path + ".values",
              "are of several types, so that "
                  + attribute.operator().wire()
                  + " is never true: whatever the attribute is, it cannot be compared with some of them");
        }
      }
      case CONTAINS, CONTAINS_IGNORE_CASE, STARTS_WITH, ENDS_WITH ->
          noteWhere(values, String::isEmpty, path, "is empty, and every string has that in it");
      case MATCHES ->
          noteWhere(values, ANYTHING::contains, path, "is a pattern that is found in every string");
      case IN_CIDR -> {
        for (int i = 0; i < values.size(); i++) {
          visitBlock(values.get(i), path + ".values[" + i + "]");
        }
      }
      default -> {}
    }
    switch (AttributePath.canonical(attribute.path())) {
      case Path.NOW -> visitNow(attribute, path);
      case "targetingKey" -> visitText(attribute, path, value -> !value.isEmpty());
      default -> {}
    }
  }

  private void visitNow(Condition.Attribute attribute, String path) {
    switch (attribute.operator()) {
      case EXISTS -> note(path + ".op", "is always true, since it is always some time");
      case NOT_EXISTS -> note(path + ".op", "is never true, since it is always some time");
      default -> visitText(attribute, path, _ -> true);
    }
  }

  /// An attribute that is a string wherever it is there.
  ///
  /// @param possible whether it can be this string
  private void visitText(Condition.Attribute attribute, String path, Predicate<String> possible) {
    switch (attribute.operator()) {
      case LESS_THAN, LESS_OR_EQUAL, GREATER_THAN, GREATER_OR_EQUAL ->
          note(
              path + ".op",
              "is never true, since it compares numbers, and " + attribute.path() + " is a string");
      case EQUALS, IN -> {
        if (attribute.values().stream()
            .noneMatch(value -> value.isString() && possible.test(value.stringValue()))) {
          note(path + ".values", "are nothing that " + attribute.path() + " can be: never true");
        }
      }
      default -> {}
    }
  }

  private void noteWhere(
      List<JsonNode> values, Predicate<String> odd, String path, String message) {
    for (int i = 0; i < values.size(); i++) {
      if (odd.test(values.get(i).stringValue())) {
        note(path + ".values[" + i + "]", message);
      }
    }
  }

  private static String noneBetween(String attribute) {
    return "is true for no value of "
        + attribute
        + ", since none lies above and below its bounds; only a list can meet them, with several elements";
  }

  private void note(String path, String message) {
    found.add(new FieldError(path, message));
  }

  private void visitBlock(JsonNode value, String path) {
    if (LEADING_ZERO.matcher(value.stringValue()).matches()) {
      note(
          path,
          "has a number with leading zeros, which some read as octal; it is taken as "
              + Addresses.block(value));
    }
  }
}
