package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// OpenFeature's evaluation context: who or what a flag is evaluated for. A `targetingKey` (the key
/// of context type `user`) and attributes of any JSON type; another context type is a nested object
/// with a `key` of its own. Immutable by convention: nobody changes the tree after construction.
///
/// @param attributes the whole context as JSON, without `privateAttributes`
/// @param privateAttributes dotted paths that rules may use and nothing may log, store or put into
///   events
public record EvaluationContext(ObjectNode attributes, Set<String> privateAttributes) {

  /// So many bytes of UTF-8 a key of a context may have, wherever one is stored, listed or
  /// targeted.
  public static final int MAX_KEY_BYTES = 512;

  /// The context type of the targeting key.
  public static final String USER = "user";

  /// How deep a context may nest.
  public static final int MAX_DEPTH = 8;

  /// A context in which nothing is known.
  public static final EvaluationContext EMPTY = new EvaluationContext(Json.object(), Set.of());

  /// Reads a context from a request; mistakes are noted under `path`.
  ///
  /// @param value the context, or null for an empty one
  public static EvaluationContext read(@Nullable JsonNode value, String path, FieldErrors errors) {
    if (value == null || value.isNull()) {
      return EMPTY;
    }
    if (!(value instanceof ObjectNode object)) {
      errors.add(path, "must be an object");
      return EMPTY;
    }
    checkShape(object, path, 1, errors);
    var targetingKey = object.get("targetingKey");
    if (targetingKey != null && !targetingKey.isString() && !targetingKey.isNull()) {
      errors.add(path + ".targetingKey", "must be a string");
    }
    if (!object.has("privateAttributes")) {
      return new EvaluationContext(object, Set.of());
    }
    var fields = JsonFields.of(object, path, errors);
    var hidden = fields.texts("privateAttributes", 1_000, JsonFields.MAX_TEXT);
    var visible = object.deepCopy();
    visible.remove("privateAttributes");
    return new EvaluationContext(visible, Set.copyOf(hidden));
  }

  /// The key of context type `user`; null if absent or empty.
  public @Nullable String targetingKey() {
    return textOrNull(attributes.get("targetingKey"));
  }

  /// The key of a context type; null if the context has none.
  public @Nullable String keyOf(String contextType) {
    return USER.equals(contextType) ? targetingKey() : textOrNull(at(List.of(contextType, "key")));
  }

  /// The value at a path of names; null if absent or JSON null.
  public @Nullable JsonNode at(List<String> names) {
    JsonNode value = attributes;
    for (var name : names) {
      value = value instanceof ObjectNode object ? object.get(name) : null;
      if (value == null) {
        return null;
      }
    }
    return value.isNull() ? null : value;
  }

  /// Splits a dotted attribute path into names.
  public static List<String> names(String path) {
    return List.of(path.split("\\.", -1));
  }

  private static @Nullable String textOrNull(@Nullable JsonNode value) {
    return value != null && value.isString() && !value.stringValue().isEmpty()
        ? value.stringValue()
        : null;
  }

  private static void checkShape(JsonNode value, String path, int depth, FieldErrors errors) {
    if (depth > MAX_DEPTH) {
      errors.add(path, "nests deeper than " + MAX_DEPTH + " levels");
      return;
    }
    if (value instanceof ObjectNode object) {
      for (var property : object.properties()) {
        if (property.getKey().contains(".")) {
          errors.add(
              path,
              "has an attribute named '"
                  + property.getKey()
                  + "'; dots in names are refused, nest objects instead");
        }
        if (property.getValue().isContainer()) {
          checkShape(property.getValue(), path + "." + property.getKey(), depth + 1, errors);
        }
      }
    } else if (value.isArray()) {
      var elements = new ArrayList<JsonNode>();
      value.forEach(elements::add);
      for (int i = 0; i < elements.size(); i++) {
        if (elements.get(i).isContainer()) {
          checkShape(elements.get(i), path + "[" + i + "]", depth + 1, errors);
        }
      }
    }
  }
}
