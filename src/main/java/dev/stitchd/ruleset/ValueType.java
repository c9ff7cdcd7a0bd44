package dev.stitchd.ruleset;

import dev.stitchd.ruleset.operator.Numbers;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.LongNode;

/// What kind of value a flag gives. Integer and number are two types, `10` and `10.0` on the wire,
/// because typed SDKs insist on it.
public enum ValueType {
  BOOLEAN("boolean", "true or false"),
  STRING("string", "a string"),
  INTEGER("integer", "a whole number within ±(2^53−1)"),
  NUMBER("number", "a finite number"),
  JSON("json", "an object or a list");

  /// The largest integer that every SDK's number type holds exactly: 2^53 − 1.
  public static final long MAX_INTEGER = (1L << 53) - 1;

  private static final Map<String, ValueType> BY_WIRE =
      Arrays.stream(values()).collect(Collectors.toMap(ValueType::wire, Function.identity()));

  private final String wire;
  private final String meaning;

  ValueType(String wire, String meaning) {
    this.wire = wire;
    this.meaning = meaning;
  }

  /// The name in requests, answers and published items.
  public String wire() {
    return wire;
  }

  /// What a value of this type must be, in words, to complete "must be …".
  public String meaning() {
    return meaning;
  }

  /// The type of a wire name; null if there is none.
  public static @Nullable ValueType of(String wire) {
    return BY_WIRE.get(wire);
  }

  /// A variant's value in the one form that is stored and sent: integers as a JSON integer, numbers
  /// with a fraction or exponent (`10.0`). Null if it is not of this type.
  public @Nullable JsonNode normalise(JsonNode value) {
    return switch (this) {
      case BOOLEAN -> value.isBoolean() ? value : null;
      case STRING -> value.isString() ? value : null;
      case INTEGER -> integer(value);
      case NUMBER -> number(value);
      case JSON -> value.isContainer() ? value : null;
    };
  }

  private static @Nullable JsonNode integer(JsonNode value) {
    return value.isNumber()
            && Numbers.canonical(value) instanceof Long whole
            && Math.abs(whole) <= MAX_INTEGER
        ? LongNode.valueOf(whole)
        : null;
  }

  private static @Nullable JsonNode number(JsonNode value) {
    if (!value.isNumber()) {
      return null;
    }
    double number = value.doubleValue();
    return Double.isFinite(number) ? DoubleNode.valueOf(number) : null;
  }
}
