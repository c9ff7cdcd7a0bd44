package dev.stitchd.flagd.compile;

import java.util.ArrayList;
import java.util.List;

/// What a flag gives: branches, the first that holds decides, and a default.
///
/// @param branches conditions and variants in turn, the operands of an `if`; a variant at the end
///   without a condition always holds, and then there is no default
/// @param otherwise the default variant
record FlagLogic(List<Logic> branches, String otherwise) {

  FlagLogic {
    branches = List.copyOf(branches);
  }

  /// What can never hold is left out, and nothing follows what always holds.
  static final class Branches {

    private final List<Logic> operands = new ArrayList<>();
    private boolean closed;

    void add(Logic when, Logic variant) {
      if (closed || when.is(Logic.FALSE)) {
        return;
      }
      closed = when.is(Logic.TRUE);
      if (!closed) {
        operands.add(when);
      }
      operands.add(variant);
    }

    FlagLogic otherwise(String variant) {
      var always = closed && operands.size() == 1 ? operands.getFirst().asText() : null;
      return always == null ? new FlagLogic(operands, variant) : always(always);
    }
  }

  static FlagLogic always(String variant) {
    return new FlagLogic(List.of(), variant);
  }

  /// A flag that cannot be said.
  static FlagLogic gap(String reason) {
    return new FlagLogic(List.of(Logic.gap("", reason)), "");
  }

  boolean isStatic() {
    return branches.isEmpty();
  }

  /// The variant, or null for the default: then engines say that it is the default.
  Logic targeting() {
    return choose(Logic.NULL);
  }

  /// The variant, the default included, for use within another expression.
  Logic variant() {
    return choose(Logic.text(otherwise));
  }

  private Logic choose(Logic last) {
    var operands = new ArrayList<>(branches);
    if (operands.size() % 2 == 0) {
      operands.add(last);
    }
    return operands.size() == 1 ? operands.getFirst() : Logic.op("if", operands);
  }
}
