package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.ruleset.condition.ConditionReader;
import dev.stitchd.ruleset.condition.ConditionWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// When a rule or a segment applies: a tree of tests, three-valued (Kleene's logic).
public sealed interface Condition {

  /// True if all are; `all []` is true.
  record All(List<Condition> conditions) implements Condition {
    public All {
      conditions = List.copyOf(conditions);
    }
  }

  /// True if any is; `any []` is false.
  record Any(List<Condition> conditions) implements Condition {
    public Any {
      conditions = List.copyOf(conditions);
    }
  }

  /// The opposite; of unknown, unknown.
  record Not(Condition condition) implements Condition {}

  /// A test of one attribute.
  ///
  /// @param path dotted, as `organization.plan`
  /// @param values any of them makes the test true; empty for `exists` and `notExists`
  record Attribute(String path, Operator operator, List<JsonNode> values) implements Condition {
    public Attribute {
      values = List.copyOf(values);
    }
  }

  /// Whether the context belongs to a segment.
  record InSegment(String segment) implements Condition {}

  /// Whether another flag gives one of these variants; never unknown.
  record FlagGives(String flag, List<String> variants) implements Condition {
    public FlagGives {
      variants = List.copyOf(variants);
    }
  }

  /// Reads a condition from a request; mistakes are noted under `path`.
  ///
  /// @return the condition; meaningless if errors were noted
  static Condition read(@Nullable JsonNode value, String path, FieldErrors errors) {
    return new ConditionReader(errors).read(value, path);
  }

  /// Reads a condition that this server wrote.
  ///
  /// @throws IllegalArgumentException if it is damaged, or newer than this server
  static Condition fromJson(JsonNode value) {
    var errors = new FieldErrors();
    var condition = read(value, "", errors);
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(errors.text());
    }
    return condition;
  }

  /// The form that [#read] reads.
  default ObjectNode toJson() {
    return ConditionWriter.write(this);
  }
}
