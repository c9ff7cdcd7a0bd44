package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.Limits;
import java.util.List;

/// Reads the field `variants` of a prerequisite or a flag condition.
public final class VariantNames {

  private VariantNames() {}

  /// The variants named; an empty list is noted. Whether the flag has them is `RulesetCheck`'s to
  /// say.
  public static List<String> read(JsonFields fields) {
    var variants = fields.texts("variants", Limits.VARIANTS, JsonFields.MAX_TEXT);
    var value = fields.value("variants");
    if (fields.isObject() && (value == null || (value.isArray() && value.isEmpty()))) {
      fields.error("variants", "is required: name at least one variant");
    }
    return variants;
  }
}
