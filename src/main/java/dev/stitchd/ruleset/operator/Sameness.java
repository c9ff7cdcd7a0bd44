package dev.stitchd.ruleset.operator;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.StringNode;

/// Equality of strings (case-sensitive), numbers (by value) and booleans. A value of another type
/// is not different but unknown.
public final class Sameness implements Comparison {

  @Override
  public void check(JsonNode value) {
    if (comparable(value) == null) {
      throw new IllegalArgumentException("must be a string, a number, true or false");
    }
  }

  @Override
  public ValueTest compile(List<JsonNode> values) {
    values.forEach(this::check);
    var known = new HashSet<Object>();
    for (var value : values) {
      var key = comparable(value);
      if (key != null) {
        known.add(key);
      }
    }
    var types = known.stream().map(Sameness::type).collect(Collectors.toSet());
    return value -> test(value, known, types);
  }

  private static Truth test(JsonNode value, Set<Object> known, Set<Class<?>> types) {
    var key = comparable(value);
    if (key == null) {
      return Truth.UNKNOWN;
    }
    if (known.contains(key)) {
      return Truth.TRUE;
    }
    return types.size() == 1 && types.contains(type(key)) ? Truth.FALSE : Truth.UNKNOWN;
  }

  private static @Nullable Object comparable(JsonNode value) {
    return switch (value) {
      case StringNode text -> text.stringValue();
      case BooleanNode bool -> bool.booleanValue();
      default -> Numbers.canonical(value);
    };
  }

  private static Class<?> type(Object key) {
    return key instanceof Number ? Number.class : key.getClass();
  }
}
