package dev.stitchd.ruleset.targeting;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// Reads fields of JSON that this server wrote; anything else than expected is damage.
public final class StoredJson {

  private StoredJson() {}

  /// @throws IllegalArgumentException if it is not text
  static String text(JsonNode node, String name) {
    return textOf(node.path(name), name);
  }

  /// Refuses what this version does not know: where results are decided, a field that is left out
  /// would make another result of it.
  ///
  /// @throws IllegalArgumentException if there is another field than these
  static void only(JsonNode node, Set<String> known) {
    for (var name : node.propertyNames()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("unknown field '" + name + "'");
      }
    }
  }

  /// Reads the elements of a list; a failure says which one it is.
  static <T> List<T> each(JsonNode node, String name, Function<JsonNode, T> reader) {
    var read = new ArrayList<T>();
    for (var element : list(node, name)) {
      read.add(at(name + "[" + read.size() + "]", element, reader));
    }
    return read;
  }

  /// Reads a part; a failure says where it stands.
  public static <T> T at(String place, JsonNode part, Function<JsonNode, T> reader) {
    try {
      return reader.apply(part);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
    }
  }

  /// The elements of a list; none if it is absent.
  public static List<JsonNode> list(JsonNode node, String name) {
    var elements = new ArrayList<JsonNode>();
    var value = node.path(name);
    if (!value.isArray() && !value.isMissingNode() && !value.isNull()) {
      throw new IllegalArgumentException("'" + name + "' is not a list");
    }
    value.forEach(elements::add);
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
