package dev.stitchd.ruleset.trace;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.condition.AttributeMatcher;
import dev.stitchd.ruleset.condition.Matcher;
import dev.stitchd.ruleset.condition.Path;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/// Explains conditions: every part, also those that need not be asked any more, with what it saw
/// and its outcome. Asks the same compiled matchers as a decision does.
public final class ConditionTrace {

  /// Values of one operator; a reader looks up the others in the flag.
  private static final int MOST_VALUES = 20;

  private final EvaluationRun run;
  private final Shown shown;
  private final Consumer<ItemName> named;

  /// @param named is told of each flag and segment that a condition names
  ConditionTrace(EvaluationRun run, Shown shown, Consumer<ItemName> named) {
    this.run = run;
    this.shown = shown;
    this.named = named;
  }

  ObjectNode of(Matcher matcher) {
    var node = Json.object();
    switch (matcher) {
      case Matcher.All(var parts) -> group(node, "all", parts);
      case Matcher.Any(var parts) -> group(node, "any", parts);
      case Matcher.Not(var part) -> node.set("not", of(part));
      case AttributeMatcher attribute -> attribute(node, attribute);
      case Matcher.InSegment(var segment) -> {
        node.put("segment", segment);
        named.accept(ItemName.segment(segment));
      }
      case Matcher.FlagGives(var flag, var variants) -> gives(node, flag, variants);
    }
    return node.put("outcome", outcome(matcher.test(run)));
  }

  static String outcome(Truth truth) {
    return truth.name().toLowerCase(Locale.ROOT);
  }

  private void group(ObjectNode node, String name, List<Matcher> parts) {
    var list = node.putArray(name);
    parts.forEach(part -> list.add(of(part)));
  }

  private void attribute(ObjectNode node, AttributeMatcher matcher) {
    var condition = matcher.condition();
    node.put("attribute", condition.path()).put("op", condition.operator().wire());
    if (matcher.test() != null) {
      var values = condition.values();
      var list = node.putArray("values");
      values.stream().limit(MOST_VALUES).forEach(list::add);
      if (values.size() > MOST_VALUES) {
        node.put("moreValues", values.size() - MOST_VALUES);
      }
    }
    if (condition.path().equals(Path.NOW)) {
      node.set("value", run.now());
    } else {
      shown.put(node, "value", condition.path());
    }
  }

  /// What another flag must give, and gives.
  void gives(ObjectNode node, String flag, Iterable<String> variants) {
    var given = run.other(flag);
    var list = node.put("flag", flag).putArray("variants");
    variants.forEach(list::add);
    node.put("gave", given.variant()).put("reason", given.reason().name());
    named.accept(ItemName.flag(flag));
  }
}
