package dev.stitchd.kernel;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an event's context told about somebody, as the event store keeps it: dotted paths, each
/// with a text (strings as they are, everything else as JSON). These are samples to choose from,
/// not a record: what is private, nests too deep, is too long, is a list of objects or cannot be
/// stored is left out, and so is what comes after the first [#MOST]. Confined to one thread.
public final class SeenAttributes {

  /// How many attributes one event keeps.
  public static final int MOST = 50;

  /// The longest path that is kept, in characters.
  public static final int LONGEST_PATH = 100;

  /// The longest text that is kept, in characters.
  public static final int LONGEST_VALUE = 200;

  /// How many are looked at, since some may turn out to be private.
  private static final int MOST_LOOKED_AT = 1_000;

  private static final String TARGETING_KEY = "targetingKey";

  private final Map<String, String> seen = new LinkedHashMap<>();

  /// The attributes of a context without its key and without what is private.
  ///
  /// @param hidden private paths besides the context's own
  public static Map<String, String> of(EvaluationContext context, Set<String> hidden) {
    var attributes = new SeenAttributes();
    for (var attribute : context.attributes().properties()) {
      if (!attribute.getKey().equals(TARGETING_KEY)) {
        attributes.add(attribute.getKey(), attribute.getValue(), 1);
      }
    }
    return attributes.without(hidden, context.privateAttributes());
  }

  private void add(String path, JsonNode value, int depth) {
    if (value instanceof ObjectNode object) {
      if (depth < EvaluationContext.MAX_DEPTH) {
        object.properties().forEach(p -> add(path + "." + p.getKey(), p.getValue(), depth + 1));
      }
    } else if (value.isString()) {
      add(path, value.stringValue());
    } else if (!value.isNull() && !holdsContainers(value)) {
      add(path, Json.write(value));
    }
  }

  private static boolean holdsContainers(JsonNode value) {
    for (var element : value) {
      if (element.isContainer()) {
        return true;
      }
    }
    return false;
  }

  /// Notes one attribute, if it can be kept.
  public void add(String path, String value) {
    if (seen.size() < MOST_LOOKED_AT
        && path.length() <= LONGEST_PATH
        && value.length() <= LONGEST_VALUE
        && Json.isStorable(path)
        && Json.isStorable(value)) {
      seen.put(path, value);
    }
  }

  /// What was noted and is not private, in order; immutable.
  public Map<String, String> without(Set<String> hidden, Set<String> alsoHidden) {
    if (seen.isEmpty()) {
      return Map.of();
    }
    var kept = new LinkedHashMap<String, String>();
    for (var attribute : seen.entrySet()) {
      var path = attribute.getKey();
      if (kept.size() < MOST && !isWithin(path, hidden) && !isWithin(path, alsoHidden)) {
        kept.put(path, attribute.getValue());
      }
    }
    return Collections.unmodifiableMap(kept);
  }

  /// Whether a path, or an object that it lies in, is one of these.
  public static boolean isWithin(String path, Set<String> paths) {
    if (paths.isEmpty()) {
      return false;
    }
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      if (paths.contains(path.substring(0, dot))) {
        return true;
      }
    }
    return paths.contains(path);
  }
}
