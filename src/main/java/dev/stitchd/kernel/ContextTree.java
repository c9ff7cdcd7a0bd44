package dev.stitchd.kernel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes a context out of what a request holds: what nests too deep is noted as a mistake, and what
/// no store can keep (text with NUL or half of a surrogate pair, a number beyond a double) becomes
/// null, which is unknown to every rule, so that one odd value does not cost all others. The tree
/// is changed in place. Paths are spelt out only where something is wrong, so that a long name
/// above many values costs nothing. Confined to one thread.
final class ContextTree {

  private final String where;
  private final FieldErrors errors;
  private final Deque<Object> path = new ArrayDeque<>();
  private final Set<String> unreadable = new TreeSet<>();

  /// @param where the context stands in the request
  ContextTree(String where, FieldErrors errors) {
    this.where = where;
    this.errors = errors;
  }

  /// The paths of what became null, at most [FieldErrors#MOST].
  Set<String> unreadable() {
    return unreadable;
  }

  /// The whole context. What is said to be private stays as it is, but for names that no attribute
  /// can have: those are left out.
  void check(ObjectNode context) {
    var hidden = context.get(EvaluationContext.PRIVATE);
    if (hidden instanceof ArrayNode names) {
      leaveOutUnreadable(names);
    }
    check(context, 1);
  }

  private void leaveOutUnreadable(ArrayNode names) {
    path.addLast(EvaluationContext.PRIVATE);
    for (int i = names.size() - 1; i >= 0; i--) {
      if (names.get(i).isString() && isUnreadable(names.get(i))) {
        note(i);
        names.remove(i);
      }
    }
    path.removeLast();
  }

  private void check(ObjectNode object, int depth) {
    if (isTooDeep(depth)) {
      return;
    }
    var odd = new ArrayList<String>();
    for (var property : object.properties()) {
      var name = property.getKey();
      if (depth == 1 && name.equals(EvaluationContext.PRIVATE)) {
        continue;
      }
      if (!Json.isStorable(name) || isUnreadable(property.getValue())) {
        odd.add(name);
      } else {
        checkWithin(property.getValue(), name, depth);
      }
    }
    for (var name : odd) {
      note(name);
      object.set(name, NullNode.getInstance());
    }
  }

  private void check(ArrayNode list, int depth) {
    if (isTooDeep(depth)) {
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      if (isUnreadable(list.get(i))) {
        note(i);
        list.set(i, NullNode.getInstance());
      } else {
        checkWithin(list.get(i), i, depth);
      }
    }
  }

  private void checkWithin(JsonNode value, Object at, int depth) {
    if (!value.isContainer()) {
      return;
    }
    path.addLast(at);
    switch (value) {
      case ObjectNode object -> check(object, depth + 1);
      case ArrayNode list -> check(list, depth + 1);
      default -> {}
    }
    path.removeLast();
  }

  private boolean isTooDeep(int depth) {
    if (depth <= EvaluationContext.MAX_DEPTH) {
      return false;
    }
    errors.add(
        errors.isFull() ? "" : spelt(where),
        "nests deeper than " + EvaluationContext.MAX_DEPTH + " levels");
    return true;
  }

  private static boolean isUnreadable(JsonNode value) {
    return value.isString()
        ? !Json.isStorable(value.stringValue())
        : value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue());
  }

  /// A name that cannot be kept is not shown either: it is written with a mark in its place.
  private void note(Object at) {
    if (unreadable.size() < FieldErrors.MOST) {
      path.addLast(at);
      unreadable.add(Json.storable(spelt("")));
      path.removeLast();
    }
  }

  private String spelt(String from) {
    var text = from;
    for (var step : path) {
      text =
          switch (step) {
            case Integer index -> text + "[" + index + "]";
            default -> AttributePath.within(text, step.toString());
          };
    }
    return text;
  }
}
