package dev.stitchd.ruleset.condition;

import dev.stitchd.ruleset.Condition;
import java.util.List;
import java.util.Set;

/// Compiles conditions: paths are split, values parsed and hashed, once.
public final class Matchers {

  private Matchers() {}

  /// @throws IllegalArgumentException if a value is not of its operator's type
  public static Matcher compile(Condition condition) {
    return switch (condition) {
      case Condition.All(var parts) -> new Matcher.All(compile(parts));
      case Condition.Any(var parts) -> new Matcher.Any(compile(parts));
      case Condition.Not(var part) -> new Matcher.Not(compile(part));
      case Condition.Attribute attribute -> AttributeMatcher.of(attribute);
      case Condition.InSegment(var segment) -> new Matcher.InSegment(segment);
      case Condition.FlagGives(var flag, var variants) ->
          new Matcher.FlagGives(flag, Set.copyOf(variants));
    };
  }

  private static List<Matcher> compile(List<Condition> parts) {
    return parts.stream().map(Matchers::compile).toList();
  }
}
