package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Condition;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// Prints conditions.
public final class ConditionWriter {

  private ConditionWriter() {}

  public static ObjectNode write(Condition condition) {
    var node = Json.object();
    switch (condition) {
      case Condition.All(var parts) -> writeAll(node, "all", parts);
      case Condition.Any(var parts) -> writeAll(node, "any", parts);
      case Condition.Not(var part) -> node.set("not", write(part));
      case Condition.Attribute attribute -> writeAttribute(node, attribute);
      case Condition.InSegment(var segment) -> node.put("segment", segment);
      case Condition.FlagGives(var flag, var variants) -> {
        var list = node.put("flag", flag).putArray("variants");
        variants.forEach(list::add);
      }
    }
    return node;
  }

  private static void writeAll(ObjectNode node, String name, List<Condition> parts) {
    var list = node.putArray(name);
    parts.forEach(part -> list.add(write(part)));
  }

  private static void writeAttribute(ObjectNode node, Condition.Attribute attribute) {
    node.put("attribute", attribute.path()).put("op", attribute.operator().wire());
    if (attribute.operator().comparison() != null) {
      var values = node.putArray("values");
      attribute.values().forEach(values::add);
    }
  }
}
