package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One field that differs between two states of a resource.
///
/// @param path as `default.variant`; what stands in a list of objects with ids is named by its id,
///   as `rules[eu].serve.variant`, or by what else tells it apart, as `targets[user/on].keys`
/// @param before null if there was none
/// @param after null if there is none any more
public record FieldChange(String path, @Nullable JsonNode before, @Nullable JsonNode after) {

  /// All fields that differ, in the order of the states. Lists that have no ids are one field each.
  ///
  /// @param before null if there was nothing, so that each field is new
  /// @param after null if there is nothing any more
  public static List<FieldChange> between(@Nullable JsonNode before, @Nullable JsonNode after) {
    var found = new ArrayList<FieldChange>();
    find("", before == null ? Json.object() : before, after == null ? Json.object() : after, found);
    return found;
  }

  public ObjectNode json() {
    var json = Json.object().put("path", path);
    json.set("before", before == null ? json.nullNode() : before);
    json.set("after", after == null ? json.nullNode() : after);
    return json;
  }

  private static void find(
      String path, @Nullable JsonNode before, @Nullable JsonNode after, List<FieldChange> found) {
    if (before instanceof ObjectNode one && after instanceof ObjectNode other) {
      for (var name : names(one.propertyNames(), other.propertyNames())) {
        var at = path.isEmpty() ? name : path + "." + name;
        find(at, one.get(name), other.get(name), found);
      }
      return;
    }
    var one = byId(before);
    var other = byId(after);
    if (one != null && other != null) {
      findById(path, one, other, found);
    } else if (before == null ? after != null : !before.equals(after)) {
      found.add(new FieldChange(path, before, after));
    }
  }

  private static void findById(
      String path,
      Map<String, JsonNode> before,
      Map<String, JsonNode> after,
      List<FieldChange> found) {
    // what came and what went has no order to change
    var orderBefore = before.keySet().stream().filter(after::containsKey).toList();
    var orderAfter = after.keySet().stream().filter(before::containsKey).toList();
    if (!orderBefore.equals(orderAfter)) {
      found.add(new FieldChange(path, ids(orderBefore), ids(orderAfter)));
    }
    for (var id : names(before.keySet(), after.keySet())) {
      find(path + "[" + id + "]", before.get(id), after.get(id), found);
    }
  }

  private static JsonNode ids(List<String> ids) {
    var list = Json.array();
    ids.forEach(list::add);
    return list;
  }

  private static <C extends java.util.Collection<String>> Set<String> names(C before, C after) {
    var names = new LinkedHashSet<>(before);
    names.addAll(after);
    return names;
  }

  /// The elements of a list of objects that each have something of their own by which they are
  /// named, in order; null if it is none.
  public static @Nullable Map<String, JsonNode> byId(@Nullable JsonNode list) {
    if (list == null || !list.isArray()) {
      return null;
    }
    var elements = new LinkedHashMap<String, JsonNode>();
    for (var element : list) {
      var id = id(element);
      if (id == null || elements.put(id, element) != null) {
        return null;
      }
    }
    return elements;
  }

  /// Rules have ids, prerequisites name a flag, and targets what they give to whom.
  private static @Nullable String id(JsonNode element) {
    for (var name : List.of("id", "flag")) {
      if (element.path(name).isString()) {
        return element.path(name).stringValue();
      }
    }
    return element.path("contextType").isString() && element.path("variant").isString()
        ? element.path("contextType").stringValue() + "/" + element.path("variant").stringValue()
        : null;
  }
}
