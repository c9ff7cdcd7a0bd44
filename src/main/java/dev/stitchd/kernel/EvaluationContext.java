package dev.stitchd.kernel;

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
/// @param privateAttributes paths that rules may use and nothing may log, store or put into events,
///   as [AttributePath] writes them
/// @param unreadable paths of what was sent and cannot be read, and is null in `attributes`
public record EvaluationContext(
    ObjectNode attributes, Set<String> privateAttributes, Set<String> unreadable) {

  public EvaluationContext(ObjectNode attributes, Set<String> privateAttributes) {
    this(attributes, privateAttributes, Set.of());
  }

  /// So many bytes of UTF-8 a key of a context may have, wherever one is stored, listed or
  /// targeted.
  public static final int MAX_KEY_BYTES = 512;

  /// The context type of the targeting key.
  public static final String USER = "user";

  /// The member that names what is private.
  static final String PRIVATE = "privateAttributes";

  /// How deep a context may nest.
  public static final int MAX_DEPTH = 8;

  /// A context in which nothing is known.
  public static final EvaluationContext EMPTY = new EvaluationContext(Json.object(), Set.of());

  /// Reads a context from a request; mistakes are noted under `path`. What no store can keep is
  /// taken as unknown, in the tree that is read.
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
    var tree = new ContextTree(path, errors);
    tree.check(object);
    var targetingKey = object.get("targetingKey");
    if (targetingKey != null && !targetingKey.isString() && !targetingKey.isNull()) {
      errors.add(path + ".targetingKey", "must be a string");
    }
    if (!object.has(PRIVATE)) {
      return new EvaluationContext(object, Set.of(), tree.unreadable());
    }
    var fields = JsonFields.of(object, path, errors);
    var hidden = fields.texts(PRIVATE, 1_000, JsonFields.MAX_TEXT);
    var visible = object.deepCopy();
    visible.remove(PRIVATE);
    return new EvaluationContext(
        visible, AttributePath.canonical(Set.copyOf(hidden)), tree.unreadable());
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

  private static @Nullable String textOrNull(@Nullable JsonNode value) {
    return value != null && value.isString() && !value.stringValue().isEmpty()
        ? value.stringValue()
        : null;
  }
}
