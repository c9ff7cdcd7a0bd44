package dev.stitchd.flagd.compile;

import dev.stitchd.ruleset.Condition;
import java.util.ArrayList;
import java.util.List;

/// Conditions in negation normal form: each is asked either where it is true or where it is false,
/// so that unknown is neither, as in Kleene's logic.
final class ConditionLogic {

  /// What conditions name.
  interface Items {

    /// Where a context belongs to a segment, or where it is known not to.
    Logic segment(String key, boolean truth, String path);

    /// Where a flag gives one of these variants.
    Logic gives(String flag, List<String> variants, String path);
  }

  private final Items items;

  ConditionLogic(Items items) {
    this.items = items;
  }

  /// @param truth whether it is asked where the condition is true; else, where it is false
  Logic of(Condition condition, boolean truth, String path) {
    return switch (condition) {
      case Condition.All(var parts) -> join(truth, each(parts, truth, path + ".all"));
      case Condition.Any(var parts) -> join(!truth, each(parts, truth, path + ".any"));
      case Condition.Not(var part) -> of(part, !truth, path + ".not");
      case Condition.Attribute attribute -> {
        var logic = AttributeLogic.of(attribute, path);
        yield truth ? logic.holds() : logic.fails();
      }
      case Condition.InSegment(var segment) -> items.segment(segment, truth, path);
      case Condition.FlagGives(var flag, var variants) -> {
        var gives = items.gives(flag, variants, path);
        yield truth ? gives : gives.not();
      }
    };
  }

  private static Logic join(boolean all, List<Logic> parts) {
    return all ? Logic.all(parts) : Logic.any(parts);
  }

  private List<Logic> each(List<Condition> parts, boolean truth, String path) {
    var logics = new ArrayList<Logic>();
    for (var part : parts) {
      logics.add(of(part, truth, path + "[" + logics.size() + "]"));
    }
    return logics;
  }
}
