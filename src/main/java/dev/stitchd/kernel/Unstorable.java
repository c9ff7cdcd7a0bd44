package dev.stitchd.kernel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Finds what no store can keep in a document from outside: text with NUL or half of a surrogate
/// pair, and numbers that a double cannot hold. Paths are spelt out only where something is wrong,
/// so that a long name above many values costs nothing. Confined to one thread.
final class Unstorable {

  private static final String TEXT =
      "holds NUL or half of a surrogate pair, which no store can keep";
  private static final String NAME = "has a name that holds NUL or half of a surrogate pair";
  private static final String NUMBER =
      "is a number beyond what 64 bits of floating point can hold, or longer than "
          + WrittenNumbers.LONGEST
          + " characters";

  private final FieldErrors errors;
  private final Deque<Object> path = new ArrayDeque<>();

  Unstorable(FieldErrors errors) {
    this.errors = errors;
  }

  /// Notes every place, up to [FieldErrors#MOST].
  void find(JsonNode value) {
    if (value.isContainer()) {
      findWithin(value);
    } else if (value.isString() && !Json.isStorable(value.stringValue())) {
      note(TEXT);
    } else if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
      note(NUMBER);
    }
  }

  /// As [#find], but for one field of an object.
  void findExcept(JsonNode value, String field) {
    if (!(value instanceof ObjectNode object)) {
      find(value);
      return;
    }
    for (Map.Entry<String, JsonNode> property : object.properties()) {
      if (!property.getKey().equals(field)) {
        findAt(property);
      }
    }
  }

  private void findWithin(JsonNode container) {
    int i = 0;
    if (container.isArray()) {
      for (var element : container) {
        find(element, i++);
      }
      return;
    }
    for (Map.Entry<String, JsonNode> property : container.properties()) {
      findAt(property);
    }
  }

  private void findAt(Map.Entry<String, JsonNode> property) {
    if (Json.isStorable(property.getKey())) {
      find(property.getValue(), property.getKey());
    } else {
      note(NAME);
    }
  }

  private void find(JsonNode value, Object at) {
    if (errors.isFull()) {
      return;
    }
    path.addLast(at);
    find(value);
    path.removeLast();
  }

  private void note(String message) {
    var text = new StringBuilder();
    for (var step : path) {
      switch (step) {
        case Integer index -> text.append('[').append(index).append(']');
        default -> text.append(text.isEmpty() ? "" : ".").append(step);
      }
    }
    errors.addMalformed(text.toString(), message);
  }
}
