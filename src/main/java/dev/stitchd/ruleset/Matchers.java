package dev.stitchd.ruleset;

import java.util.List;
import java.util.Set;

/// Compiles conditions: paths are split, values parsed and hashed, once.
final class Matchers {

  private Matchers() {}

  /// @throws IllegalArgumentException if a value is not of its operator's type
  static Matcher compile(Condition condition) {
    return switch (condition) {
      case Condition.All(var parts) -> all(compile(parts));
      case Condition.Any(var parts) -> any(compile(parts));
      case Condition.Not(var part) -> not(compile(part));
      case Condition.Attribute attribute -> AttributeMatcher.of(attribute);
      case Condition.InSegment(var segment) -> run -> run.inSegment(segment);
      case Condition.FlagGives(var flag, var variants) -> gives(flag, Set.copyOf(variants));
    };
  }

  private static Matcher[] compile(List<Condition> parts) {
    return parts.stream().map(Matchers::compile).toArray(Matcher[]::new);
  }

  private static Matcher all(Matcher[] parts) {
    return run -> firstOrUnknown(parts, run, Truth.FALSE, Truth.TRUE);
  }

  private static Matcher any(Matcher[] parts) {
    return run -> firstOrUnknown(parts, run, Truth.TRUE, Truth.FALSE);
  }

  /// `decisive` as soon as a part says so, else unknown if any part is, else `otherwise`.
  private static Truth firstOrUnknown(Matcher[] parts, Run run, Truth decisive, Truth otherwise) {
    var result = otherwise;
    for (var part : parts) {
      var truth = part.test(run);
      if (truth == decisive) {
        return decisive;
      }
      if (truth == Truth.UNKNOWN) {
        result = Truth.UNKNOWN;
      }
    }
    return result;
  }

  private static Matcher not(Matcher part) {
    return run -> part.test(run).not();
  }

  private static Matcher gives(String flag, Set<String> variants) {
    return run -> Truth.of(run.gives(flag, variants));
  }
}
