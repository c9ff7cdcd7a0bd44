package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.ruleset.validation.ConditionWarnings;
import dev.stitchd.ruleset.validation.ConsistencyCheck;
import dev.stitchd.ruleset.validation.Usages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// What must hold between the items of a ruleset before it may be published.
public final class RulesetCheck {

  private RulesetCheck() {}

  /// Checks a candidate: names of unknown flags, segments and variants, cycles and overlong chains
  /// of dependencies, removed items and variants that are still used.
  ///
  /// @param candidate everything as it would be
  /// @param changed the items that are new, different or removed, each with the path that its
  ///   errors start with (empty if the request is the item)
  public static void check(Ruleset candidate, Map<ItemName, String> changed, FieldErrors errors) {
    new ConsistencyCheck(candidate, changed, errors).run();
  }

  /// What of a saved item is hardly what was meant.
  ///
  /// @param item a targeting or a segment, as the API answers it; anything else has no warnings
  public static List<FieldError> warnings(JsonNode item) {
    var warnings = new ArrayList<FieldError>();
    int i = 0;
    for (var rule : item.path("rules")) {
      var path = "rules[" + i++ + "].when";
      warnings.addAll(ConditionWarnings.of(Condition.fromJson(rule.path("when")), path));
    }
    if (item.path("when").isObject()) {
      warnings.addAll(ConditionWarnings.of(Condition.fromJson(item.path("when")), "when"));
    }
    return warnings;
  }

  /// The same of a flag, and of the segments that its result depends on.
  public static List<FieldError> warnings(Ruleset ruleset, Flag flag) {
    var warnings = new ArrayList<>(warnings(flag.targeting().toJson()));
    Dependencies.of(ruleset, flag::equals).stream()
        .filter(item -> item.kind() == ItemName.Kind.SEGMENT)
        .map(ItemName::key)
        .sorted()
        .forEach(key -> {
          var segment = ruleset.segment(key);
          if (segment != null && segment.when() != null) {
            warnings.addAll(ConditionWarnings.of(segment.when(), "segments." + key + ".when"));
          }
        });
    return warnings;
  }

  /// Every place that names this flag or segment, sorted by user and path.
  public static List<Usage> usagesOf(Ruleset ruleset, ItemName item) {
    return Usages.of(ruleset, item);
  }

  /// Every place that names this variant of a flag, the flag's own targeting included.
  public static List<Usage> usagesOfVariant(Ruleset ruleset, String flag, String variant) {
    return Usages.ofVariant(ruleset, flag, variant);
  }
}
