package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.Json;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.StringNode;

/// An expression of JSONLogic, with what it costs and what it asks for. Immutable: nobody changes
/// the tree after construction. Constants are worked out where it is put together, so that what
/// cannot matter leaves no trace.
///
/// @param size characters of the expression with all references written out; stops counting at
///   [#MANY]
/// @param depth operators within operators
/// @param gaps what in it cannot be said
/// @param requires without which it would not be exact
record Logic(JsonNode json, int size, int depth, Set<LeftOut> gaps, Set<Requirement> requires) {

  static final Logic TRUE = constant(BooleanNode.TRUE);
  static final Logic FALSE = constant(BooleanNode.FALSE);
  static final Logic NULL = constant(NullNode.getInstance());

  /// More than any flag may have.
  static final int MANY = 1 << 28;

  private static final int MOST_GAPS = 20;

  static Logic constant(JsonNode value) {
    return new Logic(value, Json.write(value).length(), 0, Set.of(), Set.of());
  }

  static Logic text(String value) {
    return constant(StringNode.valueOf(value));
  }

  static Logic number(long value) {
    return constant(Json.parseOwn(Long.toString(value)));
  }

  /// A list of constants.
  static Logic list(Collection<? extends JsonNode> values) {
    var list = Json.array();
    values.forEach(list::add);
    return constant(list);
  }

  static Logic texts(Collection<String> values) {
    return list(values.stream().map(StringNode::valueOf).toList());
  }

  /// What cannot be said, in the place of an expression.
  static Logic gap(String path, String reason) {
    return new Logic(NullNode.getInstance(), 4, 0, Set.of(new LeftOut(path, reason)), Set.of());
  }

  static Logic op(String name, Logic... operands) {
    return op(name, List.of(operands));
  }

  static Logic op(String name, List<Logic> operands) {
    var list = Json.array();
    long size = name.length() + 6L;
    int depth = 0;
    for (var operand : operands) {
      list.add(operand.json);
      size += operand.size + 1;
      depth = Math.max(depth, operand.depth);
    }
    var json = Json.object();
    json.set(name, list);
    return new Logic(
        json, (int) Math.min(size, MANY), depth + 1, gapsOf(operands), requirementsOf(operands));
  }

  static Logic all(List<Logic> parts) {
    return join("and", parts, TRUE, FALSE);
  }

  static Logic all(Logic... parts) {
    return all(List.of(parts));
  }

  static Logic any(List<Logic> parts) {
    return join("or", parts, FALSE, TRUE);
  }

  static Logic any(Logic... parts) {
    return any(List.of(parts));
  }

  /// Whether this constant or expression is the constant.
  boolean is(Logic constant) {
    return gaps.isEmpty() && json.equals(constant.json);
  }

  Logic not() {
    return is(TRUE) ? FALSE : is(FALSE) ? TRUE : op("!", this);
  }

  Logic same(Logic other) {
    return op("===", this, other);
  }

  Logic differs(Logic other) {
    return op("!==", this, other);
  }

  Logic isIn(Logic list) {
    return op("in", this, list);
  }

  /// The text of a constant; null if it is none.
  @Nullable String asText() {
    return gaps.isEmpty() && json.isString() ? json.stringValue() : null;
  }

  /// The same with another tree, which stands for it where it is used.
  Logic as(JsonNode reference) {
    return new Logic(reference, size, depth, gaps, requires);
  }

  /// The same, whose gaps are another item's, named at `path`.
  Logic within(String path, String item) {
    if (gaps.isEmpty()) {
      return this;
    }
    var named = new ArrayList<LeftOut>();
    for (var gap : gaps) {
      var where = gap.path().isEmpty() ? item : item + " at " + gap.path();
      named.add(new LeftOut(path, where + ": " + gap.reason()));
    }
    return new Logic(json, size, depth, Set.copyOf(named.subList(0, 1)), requires);
  }

  Logic requiring(Requirement requirement) {
    var all = new TreeSet<>(requires);
    all.add(requirement);
    return new Logic(json, size, depth, gaps, Set.copyOf(all));
  }

  private static Logic join(String name, List<Logic> parts, Logic neutral, Logic decisive) {
    var matter = new ArrayList<Logic>();
    for (var part : parts) {
      if (part.is(decisive)) {
        return decisive;
      }
      if (!part.is(neutral)) {
        matter.add(part);
      }
    }
    return matter.isEmpty() ? neutral : matter.size() == 1 ? matter.getFirst() : op(name, matter);
  }

  private static Set<LeftOut> gapsOf(List<Logic> operands) {
    Set<LeftOut> all = Set.of();
    for (var operand : operands) {
      if (!operand.gaps.isEmpty() && all.size() < MOST_GAPS) {
        all = union(all, operand.gaps);
      }
    }
    return all;
  }

  private static Set<Requirement> requirementsOf(List<Logic> operands) {
    Set<Requirement> all = Set.of();
    for (var operand : operands) {
      all = union(all, operand.requires);
    }
    return all;
  }

  private static <T> Set<T> union(Set<T> left, Set<T> right) {
    if (left.isEmpty() || right.isEmpty() || left.equals(right)) {
      return left.isEmpty() ? right : left;
    }
    var both = new java.util.HashSet<>(left);
    both.addAll(right);
    return Set.copyOf(both);
  }
}
