package dev.stitchd.flagd.evaluation;

import dev.stitchd.ruleset.ValueType;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a caller wants a flag to give: flags of which types.
enum Wanted {
  BOOLEAN(ValueType.BOOLEAN),
  STRING(ValueType.STRING),
  FLOAT(ValueType.NUMBER, ValueType.INTEGER),
  INT(ValueType.INTEGER),
  OBJECT(ValueType.JSON);

  private final Set<ValueType> types;

  Wanted(ValueType first, ValueType... others) {
    this.types = EnumSet.of(first, others);
  }

  boolean takes(ValueType type) {
    return types.contains(type);
  }

  /// The types, in words.
  String text() {
    return types.stream().map(ValueType::wire).sorted().collect(Collectors.joining(" or "));
  }

  /// A value of such a flag as the field `value` of the answer has it.
  Object value(JsonNode value) {
    return switch (this) {
      case BOOLEAN -> value.booleanValue();
      case STRING -> value.stringValue();
      case FLOAT -> value.doubleValue();
      case INT -> value.longValue();
      case OBJECT -> Objects.requireNonNull(Structs.write((ObjectNode) value));
    };
  }
}
