package dev.stitchd.ruleset;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Reads fields of JSON that this server wrote; anything else than expected is damage.
final class Stored {

  private Stored() {}

  /// @throws IllegalArgumentException if it is not text
  static String text(JsonNode node, String name) {
    return textOf(node.path(name), name);
  }

  /// The elements of a list; none if it is absent.
  static List<JsonNode> list(JsonNode node, String name) {
    var elements = new ArrayList<JsonNode>();
    node.path(name).forEach(elements::add);
    return elements;
  }

  /// @throws IllegalArgumentException if an element is not text
  static List<String> texts(JsonNode node, String name) {
    return list(node, name).stream().map(element -> textOf(element, name)).toList();
  }

  private static String textOf(JsonNode value, String name) {
    if (!value.isString()) {
      throw new IllegalArgumentException("'" + name + "' is not text");
    }
    return value.stringValue();
  }
}
