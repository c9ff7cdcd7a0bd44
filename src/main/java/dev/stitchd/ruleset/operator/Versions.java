package dev.stitchd.ruleset.operator;

import org.jspecify.annotations.Nullable;
import org.semver4j.Semver;
import tools.jackson.databind.JsonNode;

/// Semantic versions, ordered by precedence: build metadata does not count.
public final class Versions {

  private static final int MAX_LENGTH = 256;

  /// The library compares numeric identifiers as `long`.
  private static final int MAX_DIGITS = 18;

  private Versions() {}

  /// The version; null if the value is none, or has numbers beyond reason.
  static @Nullable Semver read(JsonNode value) {
    return value.isString() ? parse(value.stringValue()) : null;
  }

  static @Nullable Semver parse(String text) {
    if (text.length() > MAX_LENGTH) {
      return null;
    }
    var version = Semver.parse(text);
    return version == null || version.getPreRelease().stream().anyMatch(Versions::isHuge)
        ? null
        : version;
  }

  private static boolean isHuge(String identifier) {
    return identifier.length() > MAX_DIGITS && identifier.chars().allMatch(Character::isDigit);
  }
}
