package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Reads the conditions of one flag or segment, and counts them. Notes everything wrong; what it
/// returns then is meaningless.
public final class ConditionReader {

  private static final Condition NOTHING = new Condition.Any(List.of());

  private final FieldErrors errors;
  private int count;

  public ConditionReader(FieldErrors errors) {
    this.errors = errors;
  }

  public Condition read(@Nullable JsonNode value, String path) {
    return read(value, path, 1);
  }

  /// Reads a field that must be there.
  public Condition require(JsonFields fields, String name, int depth) {
    var value = fields.requiredValue(name);
    return value == null ? NOTHING : read(value, fields.at(name), depth);
  }

  private Condition read(@Nullable JsonNode value, String path, int depth) {
    if (depth > Limits.CONDITION_DEPTH) {
      errors.add(path, "nests deeper than " + Limits.CONDITION_DEPTH + " levels");
      return NOTHING;
    }
    if (++count > Limits.CONDITIONS) {
      if (count == Limits.CONDITIONS + 1) {
        errors.add(path, "is one of more than " + Limits.CONDITIONS + " conditions");
      }
      return NOTHING;
    }
    var fields = JsonFields.of(value, path, errors);
    if (!fields.isObject()) {
      return NOTHING;
    }
    var condition = readForm(fields, path, depth);
    fields.refuseOthers(Set.of());
    return condition;
  }

  private Condition readForm(JsonFields fields, String path, int depth) {
    if (fields.has("all")) {
      return new Condition.All(readAll(fields, "all", depth));
    }
    if (fields.has("any")) {
      return new Condition.Any(readAll(fields, "any", depth));
    }
    if (fields.has("not")) {
      return new Condition.Not(require(fields, "not", depth + 1));
    }
    if (fields.has("attribute")) {
      return readAttribute(fields);
    }
    if (fields.has("segment")) {
      return new Condition.InSegment(fields.requiredKey("segment"));
    }
    if (fields.has("flag")) {
      return new Condition.FlagGives(fields.requiredKey("flag"), VariantNames.read(fields));
    }
    errors.addMalformed(path, "must have one of all, any, not, attribute, segment, flag");
    return NOTHING;
  }

  private List<Condition> readAll(JsonFields fields, String name, int depth) {
    var parts = new ArrayList<Condition>();
    if (fields.requiredValue(name) != null) {
      for (var part : fields.list(name, Limits.CONDITIONS)) {
        parts.add(read(part, fields.at(name) + "[" + parts.size() + "]", depth + 1));
      }
    }
    return parts;
  }

  private Condition readAttribute(JsonFields fields) {
    var attribute = Attributes.read(fields, "attribute");
    var name = fields.requiredText("op", JsonFields.MAX_TEXT);
    var values = fields.list("values", Limits.CONDITION_VALUES);
    var operator = Operator.of(name);
    if (operator == null) {
      if (!name.isBlank()) {
        fields.error("op", "unknown operator '" + name + "'");
      }
      return NOTHING;
    }
    checkValues(operator, values, fields);
    return new Condition.Attribute(attribute, operator, values);
  }

  private void checkValues(Operator operator, List<JsonNode> values, JsonFields fields) {
    var comparison = operator.comparison();
    if (comparison == null) {
      if (!values.isEmpty()) {
        fields.error("values", "must be left out: " + operator.wire() + " takes none");
      }
      return;
    }
    if (values.isEmpty() && isListOrAbsent(fields)) {
      fields.error("values", "is required: " + operator.wire() + " needs at least one value");
    }
    int i = 0;
    for (var value : values) {
      try {
        comparison.check(value);
      } catch (IllegalArgumentException e) {
        errors.add(fields.at("values") + "[" + i + "]", String.valueOf(e.getMessage()));
      }
      i++;
    }
  }

  private static boolean isListOrAbsent(JsonFields fields) {
    var values = fields.value("values");
    return values == null || (values.isArray() && values.isEmpty());
  }
}
