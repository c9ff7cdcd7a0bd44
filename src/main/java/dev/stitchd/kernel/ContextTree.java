package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes a context out of what a request holds: what nests too deep is noted as a mistake, and what
/// no store can keep (text with NUL or half of a surrogate pair, a number beyond a double) becomes
/// null, which is unknown to every rule, so that one odd value does not cost all others. The tree
/// is changed in place. Confined to one thread.
final class ContextTree {

  private final FieldErrors errors;
  private final Set<String> unreadable = new TreeSet<>();

  ContextTree(FieldErrors errors) {
    this.errors = errors;
  }

  /// The paths of what became null, at most [FieldErrors#MOST].
  Set<String> unreadable() {
    return unreadable;
  }

  /// @param where the object stands in the request
  /// @param path of the object in the context; empty for the context itself
  void check(ObjectNode object, String where, String path, int depth) {
    if (isTooDeep(where, depth)) {
      return;
    }
    var odd = new ArrayList<Map.Entry<String, JsonNode>>();
    for (var property : object.properties()) {
      var value = property.getValue();
      if (!Json.isStorable(property.getKey()) || isUnreadable(value)) {
        odd.add(property);
      } else if (value.isContainer()) {
        var name = property.getKey();
        checkContainer(
            value, AttributePath.within(where, name), AttributePath.within(path, name), depth + 1);
      }
    }
    for (var property : odd) {
      note(AttributePath.within(path, property.getKey()));
      object.set(property.getKey(), NullNode.getInstance());
    }
  }

  private void checkContainer(JsonNode value, String where, String path, int depth) {
    switch (value) {
      case ObjectNode object -> check(object, where, path, depth);
      case ArrayNode list -> checkList(list, where, path, depth);
      default -> {}
    }
  }

  private void checkList(ArrayNode list, String where, String path, int depth) {
    if (isTooDeep(where, depth)) {
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      var element = list.get(i);
      if (isUnreadable(element)) {
        note(path + "[" + i + "]");
        list.set(i, NullNode.getInstance());
      } else if (element.isContainer()) {
        checkContainer(element, where + "[" + i + "]", path + "[" + i + "]", depth + 1);
      }
    }
  }

  private boolean isTooDeep(String where, int depth) {
    if (depth <= EvaluationContext.MAX_DEPTH) {
      return false;
    }
    errors.add(where, "nests deeper than " + EvaluationContext.MAX_DEPTH + " levels");
    return true;
  }

  private static boolean isUnreadable(JsonNode value) {
    return value.isString()
        ? !Json.isStorable(value.stringValue())
        : value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue());
  }

  /// A name that cannot be kept is not shown either: it is written with a mark in its place.
  private void note(String path) {
    if (unreadable.size() < FieldErrors.MOST) {
      unreadable.add(Json.storable(path));
    }
  }
}
