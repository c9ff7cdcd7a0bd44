package dev.stitchd.ruleset.operator;

import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A comparison between an attribute of one type and values that are parsed once.
///
/// @param attribute reads an attribute's value
/// @param operand parses one of the operator's values
public record Relation<A, V>(Reader<A> attribute, Parser<V> operand, BiPredicate<A, V> holds)
    implements Comparison {

  /// Reads an attribute's value; null if it is of another type.
  @FunctionalInterface
  interface Reader<A> {
    @Nullable A read(JsonNode value);
  }

  /// Parses an operator's value.
  @FunctionalInterface
  interface Parser<V> {
    /// @throws IllegalArgumentException if it is of another type
    V parse(JsonNode value);
  }

  /// Compares values that are read the same on both sides.
  ///
  /// @param meaning completes "must be …"
  static <A> Relation<A, A> between(Reader<A> reader, String meaning, BiPredicate<A, A> holds) {
    return new Relation<>(
        reader,
        value -> {
          A read = reader.read(value);
          if (read == null) {
            throw new IllegalArgumentException("must be " + meaning);
          }
          return read;
        },
        holds);
  }

  @Override
  public void check(JsonNode value) {
    var _ = operand.parse(value);
  }

  @Override
  public ValueTest compile(List<JsonNode> values) {
    var operands = values.stream().map(operand::parse).toList();
    return value -> {
      A read = attribute.read(value);
      return read == null ? Truth.UNKNOWN : Truth.of(anyHolds(read, operands));
    };
  }

  private boolean anyHolds(A value, List<V> operands) {
    for (V operand : operands) {
      if (holds.test(value, operand)) {
        return true;
      }
    }
    return false;
  }
}
