package dev.stitchd.ruleset.targeting;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import dev.stitchd.ruleset.rollout.Reweighting;
import dev.stitchd.ruleset.rollout.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Prints what a rule gives, and reads back what this server printed.
public final class ServeJson {

  private static final Set<String> ROLLOUT =
      Set.of("bucketBy", "weights", "salt", "slots", "history");

  private ServeJson() {}

  /// @param forEditors with weights and history
  static ObjectNode write(Serve serve, boolean forEditors) {
    var node = Json.object();
    switch (serve) {
      case Serve.Fixed(var variant) -> node.put("variant", variant);
      case Serve.Rollout rollout -> node.set("rollout", write(rollout, forEditors));
    }
    return node;
  }

  private static ObjectNode write(Serve.Rollout rollout, boolean forEditors) {
    var node = Json.object().put("bucketBy", rollout.bucketBy());
    if (forEditors) {
      var weights = node.putObject("weights");
      rollout.weights().forEach((variant, width) -> weights.set(variant, Weights.percent(width)));
    }
    node.put("salt", rollout.salt());
    node.set("slots", write(rollout.slots()));
    if (forEditors && !rollout.history().isEmpty()) {
      var history = node.putArray("history");
      rollout.history().forEach(layout -> history.add(write(layout)));
    }
    return node;
  }

  private static ArrayNode write(List<Slot> slots) {
    var node = Json.array();
    slots.forEach(slot -> node.addArray().add(slot.variant()).add(slot.width()));
    return node;
  }

  /// @throws IllegalArgumentException if it is damaged, or newer than this server
  static Serve read(JsonNode node) {
    StoredJson.only(node, Set.of(node.has("rollout") ? "rollout" : "variant"));
    return node.has("rollout")
        ? StoredJson.at("rollout", node.path("rollout"), ServeJson::rollout)
        : new Serve.Fixed(StoredJson.text(node, "variant"));
  }

  private static Serve.Rollout rollout(JsonNode node) {
    StoredJson.only(node, ROLLOUT);
    var slots = slots(node.path("slots"));
    return new Serve.Rollout(
        StoredJson.text(node, "bucketBy"),
        node.has("weights") ? weights(node.path("weights")) : Reweighting.widths(slots),
        StoredJson.text(node, "salt"),
        slots,
        StoredJson.list(node, "history").stream().map(ServeJson::slots).toList());
  }

  private static Map<String, Integer> weights(JsonNode node) {
    var weights = new LinkedHashMap<String, Integer>();
    node.properties().forEach(w -> weights.put(w.getKey(), Weights.width(w.getValue())));
    return weights;
  }

  private static List<Slot> slots(JsonNode node) {
    var list = node.valueStream().map(ServeJson::slot).toList();
    if (list.stream().mapToLong(Slot::width).sum() != Slot.TOTAL) {
      throw new IllegalArgumentException("slots do not sum to " + Slot.TOTAL);
    }
    return list;
  }

  private static Slot slot(JsonNode node) {
    if (node.size() != 2 || !node.path(0).isString() || !node.path(1).isInt()) {
      throw new IllegalArgumentException("a slot is not a variant and a width");
    }
    return new Slot(node.path(0).stringValue(), node.path(1).intValue());
  }
}
