package dev.stitchd.ruleset;

import dev.stitchd.ruleset.operator.Dates;
import dev.stitchd.ruleset.operator.VersionRange;
import java.time.Instant;
import tools.jackson.databind.JsonNode;

/// What the values of operators mean, for those who say conditions in another language. All of them
/// expect values that were accepted when they were saved.
public final class Operands {

  private Operands() {}

  /// The versions of a tilde or caret range.
  ///
  /// @param from the first version, in full
  /// @param release the same without what marks a pre-release; the same text if `from` is none
  /// @param before the first version after the range
  public record Versions(String from, String release, String before) {}

  /// The point in time that a value of `before` or `after` names.
  public static Instant instant(JsonNode value) {
    return Dates.instant(value);
  }

  /// The version that a value names, in full: `v1.2` is `1.2.0`.
  public static String version(JsonNode value) {
    return VersionRange.tilde(value).from().text();
  }

  public static Versions tilde(JsonNode value) {
    return versions(VersionRange.tilde(value));
  }

  public static Versions caret(JsonNode value) {
    return versions(VersionRange.caret(value));
  }

  private static Versions versions(VersionRange range) {
    return new Versions(range.from().text(), range.from().released().text(), range.to().text());
  }
}
