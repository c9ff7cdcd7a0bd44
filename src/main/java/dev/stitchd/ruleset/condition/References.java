package dev.stitchd.ruleset.condition;

import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Targeting;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Finds what an item names.
public final class References {

  private final List<Reference> found = new ArrayList<>();

  private References() {}

  public static List<Reference> of(Targeting targeting) {
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

  public static List<Reference> of(@Nullable Condition when) {
    var references = new References();
    if (when != null) {
      references.visit(when, "when");
    }
    return List.copyOf(references.found);
  }

  /// What an item that this version cannot read seems to name: whatever stands under `flag` or
  /// `segment`. It may be too much, and is only used to keep what is named from being removed.
  public static List<Reference> seemingly(JsonNode item) {
    var references = new References();
    references.search(item, "");
    return List.copyOf(references.found);
  }

  private void search(JsonNode node, String path) {
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        search(node.get(i), path + "[" + i + "]");
      }
      return;
    }
    var flag = node.path("flag");
    if (flag.isString()) {
      var variants = new ArrayList<String>();
      node.path("variants")
          .forEach(variant -> {
            if (variant.isString()) {
              variants.add(variant.stringValue());
            }
          });
      add(ItemName.flag(flag.stringValue()), path, List.copyOf(variants));
    }
    if (node.path("segment").isString()) {
      add(ItemName.segment(node.path("segment").stringValue()), path, List.of());
    }
    node.properties()
        .forEach(field ->
            search(
                field.getValue(), path.isEmpty() ? field.getKey() : path + "." + field.getKey()));
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
