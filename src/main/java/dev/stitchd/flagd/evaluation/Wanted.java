package dev.stitchd.flagd.evaluation;

import dev.stitchd.ruleset.ValueType;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

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
}
