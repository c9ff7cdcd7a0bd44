package dev.stitchd.ruleset.targeting;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Targeting;
import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Prints a targeting, and reads back what this server printed. Unknown fields beside those of a
/// targeting are ignored, so that an older node can read what a newer one published; within its
/// parts they are not, since they may change what the part decides.
public final class TargetingJson {

  private TargetingJson() {}

  /// @param forEditors with descriptions, weights and history
  public static ObjectNode write(Targeting targeting, boolean forEditors) {
    var node = Json.object();
    node.put("enabled", targeting.enabled()).put("offVariant", targeting.offVariant());
    var targets = node.putArray("targets");
    targeting.targets().forEach(target -> targets.add(write(target)));
    var prerequisites = node.putArray("prerequisites");
    targeting.prerequisites().forEach(prerequisite -> prerequisites.add(write(prerequisite)));
    var rules = node.putArray("rules");
    targeting.rules().forEach(rule -> rules.add(write(rule, forEditors)));
    node.set("default", ServeJson.write(targeting.otherwise(), forEditors));
    return node;
  }

  private static ObjectNode write(Targeting.Target target) {
    var node = Json.object();
    node.put("contextType", target.contextType()).put("variant", target.variant());
    var keys = node.putArray("keys");
    target.keys().forEach(keys::add);
    return node;
  }

  private static ObjectNode write(Targeting.Prerequisite prerequisite) {
    var node = Json.object().put("flag", prerequisite.flag());
    var variants = node.putArray("variants");
    prerequisite.variants().forEach(variants::add);
    return node;
  }

  private static ObjectNode write(Targeting.Rule rule, boolean forEditors) {
    var node = Json.object().put("id", rule.id());
    if (forEditors && rule.description() != null) {
      node.put("description", rule.description());
    }
    node.set("when", rule.when().toJson());
    node.set("serve", ServeJson.write(rule.serve(), forEditors));
    return node;
  }

  /// @throws IllegalArgumentException if it is damaged, or newer than this server
  public static Targeting read(JsonNode node) {
    return new Targeting(
        node.path("enabled").asBoolean(false),
        StoredJson.text(node, "offVariant"),
        StoredJson.each(node, "targets", TargetingJson::target),
        StoredJson.each(node, "prerequisites", TargetingJson::prerequisite),
        StoredJson.each(node, "rules", TargetingJson::rule),
        StoredJson.at("default", node.path("default"), ServeJson::read));
  }

  private static Targeting.Target target(JsonNode node) {
    StoredJson.only(node, Set.of("contextType", "variant", "keys"));
    return new Targeting.Target(
        node.path("contextType").asString(EvaluationContext.USER),
        StoredJson.text(node, "variant"),
        new LinkedHashSet<>(StoredJson.texts(node, "keys")));
  }

  private static Targeting.Prerequisite prerequisite(JsonNode node) {
    StoredJson.only(node, Set.of("flag", "variants"));
    return new Targeting.Prerequisite(
        StoredJson.text(node, "flag"), StoredJson.texts(node, "variants"));
  }

  private static Targeting.Rule rule(JsonNode node) {
    StoredJson.only(node, Set.of("id", "description", "when", "serve"));
    return new Targeting.Rule(
        StoredJson.text(node, "id"),
        node.has("description") ? StoredJson.text(node, "description") : null,
        StoredJson.at("when", node.path("when"), Condition::fromJson),
        StoredJson.at("serve", node.path("serve"), ServeJson::read));
  }
}
