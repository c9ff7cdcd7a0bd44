package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.condition.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// What a trace may show of a context: hidden attributes not at all, large values shortened.
/// Confined to one thread.
public final class Shown {

  /// Characters of a value's JSON; more says nothing to a reader.
  private static final int LONGEST = 300;

  private static final String TARGETING_KEY = "targetingKey";

  private final EvaluationContext context;
  private final Set<String> hidden;
  private final Map<String, JsonNode> shortened = new HashMap<>();

  Shown(EvaluationContext context, Collection<String> hidden) {
    this.context = context;
    this.hidden = AttributePath.canonical(Set.copyOf(hidden));
  }

  /// Writes the attribute at a path as a field: null if it is absent, `"masked":true` instead if it
  /// is hidden.
  void put(ObjectNode node, String field, String path) {
    if (isHidden(path)) {
      node.put("masked", true);
    } else {
      node.set(field, shortened.computeIfAbsent(path, this::value));
    }
  }

  /// Writes the context's key of a type as the field `key`, in the same way.
  void putKey(ObjectNode node, String contextType) {
    put(
        node,
        "key",
        EvaluationContext.USER.equals(contextType) ? TARGETING_KEY : contextType + ".key");
  }

  /// Hidden itself, part of something hidden, or with something hidden in it.
  boolean isHidden(String path) {
    var canonical = AttributePath.canonical(path);
    return AttributePath.isWithin(canonical, hidden)
        || hidden.stream().anyMatch(other -> AttributePath.isWithin(other, Set.of(canonical)));
  }

  private JsonNode value(String path) {
    var value = Path.of(path).in(context);
    if (value == null) {
      return Json.object().nullNode();
    }
    var text = Json.write(value);
    return text.length() <= LONGEST
        ? value
        : StringNode.valueOf(text.substring(0, LONGEST) + "… (" + text.length() + " characters)");
  }
}
