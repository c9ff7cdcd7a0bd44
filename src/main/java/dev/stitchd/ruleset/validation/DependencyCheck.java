package dev.stitchd.ruleset.validation;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Ruleset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Checks that nothing depends on itself, and that nothing depends on others in a longer row than
/// the evaluator follows.
public final class DependencyCheck {

  private final Ruleset candidate;
  private final Map<ItemName, String> changed;
  private final FieldErrors errors;

  DependencyCheck(Ruleset candidate, Map<ItemName, String> changed, FieldErrors errors) {
    this.candidate = candidate;
    this.changed = changed;
    this.errors = errors;
  }

  void run() {
    var inCycles = new HashSet<ItemName>();
    for (var start : changed.keySet()) {
      var cycle = inCycles.contains(start) ? null : cycle(start);
      if (cycle != null) {
        inCycles.addAll(cycle);
        errors.add(pathOf(cycle), "makes a cycle: " + text(cycle));
      }
    }
    if (inCycles.isEmpty()) {
      checkChains();
    }
  }

  /// The shortest way from an item to itself, both ends included; null if there is none.
  private @Nullable List<ItemName> cycle(ItemName start) {
    var from = new HashMap<ItemName, ItemName>();
    var open = new ArrayDeque<>(List.of(start));
    while (!open.isEmpty()) {
      var item = open.remove();
      for (var reference : candidate.references(item)) {
        if (from.putIfAbsent(reference.target(), item) == null) {
          open.add(reference.target());
        }
      }
    }
    return from.containsKey(start) ? wayBack(start, from) : null;
  }

  private static List<ItemName> wayBack(ItemName start, Map<ItemName, ItemName> from) {
    var way = new ArrayList<>(List.of(start));
    for (var at = from.get(start); at != null && !at.equals(start); at = from.get(at)) {
      way.add(at);
    }
    way.add(start);
    return way.reversed();
  }

  /// Where the first item of a cycle names the second.
  private String pathOf(List<ItemName> cycle) {
    var prefix = changed.getOrDefault(cycle.getFirst(), "");
    return candidate.references(cycle.getFirst()).stream()
        .filter(reference -> reference.target().equals(cycle.get(1)))
        .findFirst()
        .map(reference -> ConsistencyCheck.join(prefix, reference.path()))
        .orElse(prefix);
  }

  private static String text(List<ItemName> cycle) {
    boolean oneKind = cycle.stream().map(ItemName::kind).distinct().count() == 1;
    return cycle.stream()
        .map(item -> oneKind ? item.key() : item.toString())
        .collect(Collectors.joining(" → "));
  }

  private void checkChains() {
    var heights = new HashMap<ItemName, Integer>();
    for (var start : candidate.references().keySet()) {
      if (height(start, 0, heights) > Limits.CHAIN) {
        errors.add(
            changed.values().stream().findFirst().orElse(""),
            "makes " + start + " depend on more than " + Limits.CHAIN + " others in a row");
        return;
      }
    }
  }

  /// How many items the longest row below this one has; stops looking when it is too long.
  private int height(ItemName item, int depth, Map<ItemName, Integer> heights) {
    var known = heights.get(item);
    if (known != null || depth > Limits.CHAIN) {
      return known == null ? Limits.CHAIN : known;
    }
    int height = 0;
    for (var reference : candidate.references(item)) {
      height = Math.max(height, 1 + height(reference.target(), depth + 1, heights));
    }
    heights.put(item, height);
    return height;
  }
}
