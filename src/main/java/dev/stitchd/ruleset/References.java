package dev.stitchd.ruleset;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds what an item names.
final class References {

  private final List<Reference> found = new ArrayList<>();

  private References() {}

  static List<Reference> of(Targeting targeting) {
    var references = new References();
    int i = 0;
    for (var prerequisite : targeting.prerequisites()) {
      references.add(
          ItemName.flag(prerequisite.flag()),
          "prerequisites[" + i++ + "]",
          prerequisite.variants());
    }
    i = 0;
    for (var rule : targeting.rules()) {
      references.visit(rule.when(), "rules[" + i++ + "].when");
    }
    return List.copyOf(references.found);
  }

  static List<Reference> of(@Nullable Condition when) {
    var references = new References();
    if (when != null) {
      references.visit(when, "when");
    }
    return List.copyOf(references.found);
  }

  private void visit(Condition condition, String path) {
    switch (condition) {
      case Condition.All(var parts) -> visit(parts, path + ".all");
      case Condition.Any(var parts) -> visit(parts, path + ".any");
      case Condition.Not(var part) -> visit(part, path + ".not");
      case Condition.Attribute _ -> {}
      case Condition.InSegment(var segment) -> add(ItemName.segment(segment), path, List.of());
      case Condition.FlagGives(var flag, var variants) -> add(ItemName.flag(flag), path, variants);
    }
  }

  private void visit(List<Condition> parts, String path) {
    for (int i = 0; i < parts.size(); i++) {
      visit(parts.get(i), path + "[" + i + "]");
    }
  }

  private void add(ItemName target, String path, List<String> variants) {
    found.add(new Reference(target, path, variants));
  }
}
