package dev.stitchd.ruleset.operator;

import java.util.regex.Pattern;
import org.semver4j.Semver;
import tools.jackson.databind.JsonNode;

/// npm's tilde and caret ranges of one version, which may be partial (`1`, `1.2`). A pre-release is
/// in a range only if the range names a pre-release of the same major, minor and patch. (Not the
/// library's own ranges: it takes `^0.0` as empty and `^0` as unbounded.)
///
/// @param from inclusive
/// @param to exclusive
public record VersionRange(Semver from, Semver to) {

  private static final Pattern PARTIAL = Pattern.compile("\\d+(\\.\\d+)?");

  /// `~1.2.3` ends before 1.3.0, as `~1.2` does; `~1` ends before 2.0.0.
  ///
  /// @throws IllegalArgumentException if the value is no version
  static VersionRange tilde(JsonNode value) {
    var from = base(value);
    return new VersionRange(from, parts(value) == 1 ? nextMajor(from) : nextMinor(from));
  }

  /// `^1.2.3` ends before 2.0.0; with a leading zero, before the next minor, or the next patch.
  ///
  /// @throws IllegalArgumentException if the value is no version
  static VersionRange caret(JsonNode value) {
    var from = base(value);
    int parts = parts(value);
    if (from.getMajor() > 0 || parts == 1) {
      return new VersionRange(from, nextMajor(from));
    }
    if (from.getMinor() > 0 || parts == 2) {
      return new VersionRange(from, nextMinor(from));
    }
    return new VersionRange(from, Semver.create(0, 0, Math.addExact(from.getPatch(), 1)));
  }

  boolean contains(Semver version) {
    return version.compareTo(from) >= 0
        && version.compareTo(to) < 0
        && (version.getPreRelease().isEmpty() || isPreReleaseLikeFrom(version));
  }

  private boolean isPreReleaseLikeFrom(Semver version) {
    return !from.getPreRelease().isEmpty()
        && version.getMajor() == from.getMajor()
        && version.getMinor() == from.getMinor()
        && version.getPatch() == from.getPatch();
  }

  private static Semver base(JsonNode value) {
    var text = value.isString() ? value.stringValue() : "";
    var full = PARTIAL.matcher(text).matches() ? text + ".0".repeat(3 - parts(value)) : text;
    var version = Versions.parse(full);
    if (version == null || version.getMajor() == Integer.MAX_VALUE) {
      throw new IllegalArgumentException("must be a semantic version, as 1.2.3, 1.2 or 1");
    }
    return version;
  }

  private static int parts(JsonNode value) {
    var text = value.stringValue();
    return PARTIAL.matcher(text).matches() ? text.split("\\.").length : 3;
  }

  private static Semver nextMajor(Semver version) {
    return Semver.create(Math.addExact(version.getMajor(), 1), 0, 0);
  }

  private static Semver nextMinor(Semver version) {
    return Semver.create(version.getMajor(), Math.addExact(version.getMinor(), 1), 0);
  }
}
