package dev.stitchd.ruleset.targeting;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.condition.ConditionReader;
import dev.stitchd.ruleset.condition.VariantNames;
import dev.stitchd.ruleset.evaluation.Decision;
import dev.stitchd.ruleset.rollout.RolloutReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Reads a targeting from an editor's request. Notes everything wrong; what it returns then is
/// meaningless.
public final class TargetingReader {

  private static final Set<String> READ_ONLY =
      Set.of("id", "version", "createdAt", "createdBy", "updatedAt", "updatedBy", "warnings");
  private static final Pattern RULE_ID = Pattern.compile("[A-Za-z0-9._-]{1,100}");

  private final FieldErrors errors;
  private final ConditionReader conditions;
  private final RolloutReader rollouts;
  private final ServeReader serves;
  private final TargetsReader targets;
  private final Set<String> ruleIds = new HashSet<>();

  public TargetingReader(
      FlagShape shape, @Nullable Targeting current, Supplier<String> newSalt, FieldErrors errors) {
    this.errors = errors;
    this.conditions = new ConditionReader(errors);
    this.rollouts = new RolloutReader(shape, current, newSalt, errors);
    this.serves = new ServeReader(shape, rollouts);
    this.targets = new TargetsReader(serves, errors);
  }

  /// Takes salts and slots from what is read.
  public TargetingReader withLayouts() {
    rollouts.takeLayouts();
    return this;
  }

  public Targeting.Read read(JsonNode body, String path) {
    var fields = JsonFields.of(body, path, errors);
    var _ = fields.isObject() ? fields.requiredValue("enabled") : null;
    var targeting =
        new Targeting(
            fields.bool("enabled", false),
            serves.variant(fields, "offVariant"),
            targets.read(fields),
            prerequisites(fields),
            rules(fields),
            serves.read(fields, "default", Decision.DEFAULT_ID));
    fields.refuseOthers(READ_ONLY);
    return rollouts.finish(targeting);
  }

  private List<Targeting.Prerequisite> prerequisites(JsonFields fields) {
    var prerequisites = new ArrayList<Targeting.Prerequisite>();
    for (var node : fields.list("prerequisites", Limits.PREREQUISITES)) {
      var each =
          JsonFields.of(
              node, fields.at("prerequisites") + "[" + prerequisites.size() + "]", errors);
      prerequisites.add(
          new Targeting.Prerequisite(each.requiredKey("flag"), VariantNames.read(each)));
      each.refuseOthers(Set.of());
    }
    return prerequisites;
  }

  private List<Targeting.Rule> rules(JsonFields fields) {
    var rules = new ArrayList<Targeting.Rule>();
    for (var node : fields.list("rules", Limits.RULES)) {
      rules.add(rule(JsonFields.of(node, fields.at("rules") + "[" + rules.size() + "]", errors)));
    }
    return rules;
  }

  private Targeting.Rule rule(JsonFields fields) {
    var id = ruleId(fields);
    var description = fields.text("description", Limits.DESCRIPTION);
    var when = conditions.require(fields, "when", 1);
    var serve = serves.read(fields, "serve", id);
    fields.refuseOthers(Set.of());
    return new Targeting.Rule(id, description, when, serve);
  }

  private String ruleId(JsonFields fields) {
    var id = fields.requiredText("id", JsonFields.MAX_TEXT);
    if (id.isBlank()) {
      return id;
    }
    if (!RULE_ID.matcher(id).matches()) {
      fields.error("id", "must match " + RULE_ID.pattern());
    } else if (id.equals(Decision.DEFAULT_ID)) {
      fields.error("id", "is reserved: 'default' names the rollout of the default");
    } else if (!ruleIds.add(id)) {
      fields.error("id", "is the id of an earlier rule too; ids are unique within a flag");
    }
    return id;
  }
}
