package dev.stitchd.kernel;

import java.util.Arrays;
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

  private static final int USUAL = 8;

  private static final String[] NONE = new String[0];

  /// Paths and texts in turn, `length` of them all; a path may come twice, and then the last
  /// counts.
  private String[] seen = NONE;

  private int length;

  /// The attributes of a context without its key and without what is private.
  ///
  /// @param hidden private paths besides the context's own, as [AttributePath#canonical] has them
  public static Map<String, String> of(EvaluationContext context, Set<String> hidden) {
    var attributes = new SeenAttributes();
    for (var attribute : context.attributes().properties()) {
      if (!attribute.getKey().equals(TARGETING_KEY)) {
        attributes.add(AttributePath.within("", attribute.getKey()), attribute.getValue(), 1);
      }
    }
    return attributes.without(hidden, context.privateAttributes());
  }

  private void add(String path, JsonNode value, int depth) {
    if (value instanceof ObjectNode object) {
      if (depth < EvaluationContext.MAX_DEPTH) {
        object
            .properties()
            .forEach(p -> add(AttributePath.within(path, p.getKey()), p.getValue(), depth + 1));
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
    if (length < 2 * MOST_LOOKED_AT
        && path.length() <= LONGEST_PATH
        && value.length() <= LONGEST_VALUE
        && Json.isStorable(path)
        && Json.isStorable(value)) {
      if (length == seen.length) {
        seen = Arrays.copyOf(seen, Math.max(2 * USUAL, 2 * length));
      }
      seen[length++] = path;
      seen[length++] = value;
    }
  }

  /// What was noted and is not private, in order; immutable.
  public Map<String, String> without(Set<String> hidden, Set<String> alsoHidden) {
    if (length == 0) {
      return Map.of();
    }
    var kept = new String[Math.min(length, 2 * MOST)];
    int end = 0;
    for (int i = 0; i < length; i += 2) {
      var path = seen[i];
      if (AttributePath.isWithin(path, hidden) || AttributePath.isWithin(path, alsoHidden)) {
        continue;
      }
      int at = find(path, kept, end);
      if (at == end && end < kept.length) {
        kept[end] = path;
        end += 2;
      }
      if (at < end) {
        kept[at + 1] = seen[i + 1];
      }
    }
    return new Pairs(end == kept.length ? kept : Arrays.copyOf(kept, end));
  }

  /// Where a path stands among the first, or their end.
  private static int find(String path, String[] pairs, int end) {
    int at = 0;
    while (at < end && !pairs[at].equals(path)) {
      at += 2;
    }
    return at;
  }
}
