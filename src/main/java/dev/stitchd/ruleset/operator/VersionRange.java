package dev.stitchd.ruleset.operator;

import tools.jackson.databind.JsonNode;

/// npm's tilde and caret ranges of one version, which may be partial (`1`, `1.2`). A pre-release is
/// in a range only if the range names a pre-release of the same major, minor and patch.
///
/// @param from inclusive
/// @param to exclusive
public record VersionRange(Version from, Version to) {

  private static final String ZERO = "0";

  /// `~1.2.3` ends before 1.3.0, as `~1.2` does; `~1` ends before 2.0.0.
  ///
  /// @throws IllegalArgumentException if the value is no version
  public static VersionRange tilde(JsonNode value) {
    var from = base(value);
    return new VersionRange(from, from.parts() == 1 ? nextMajor(from) : nextMinor(from));
  }

  /// `^1.2.3` ends before 2.0.0; with a leading zero, before the next minor, or the next patch.
  ///
  /// @throws IllegalArgumentException if the value is no version
  public static VersionRange caret(JsonNode value) {
    var from = base(value);
    if (!from.major().equals(ZERO) || from.parts() == 1) {
      return new VersionRange(from, nextMajor(from));
    }
    if (!from.minor().equals(ZERO) || from.parts() == 2) {
      return new VersionRange(from, nextMinor(from));
    }
    return new VersionRange(from, Version.release(ZERO, ZERO, Version.next(from.patch())));
  }

  boolean contains(Version version) {
    return version.compareTo(from) >= 0
        && version.compareTo(to) < 0
        && (!version.isPreRelease() || (from.isPreRelease() && from.isSameRelease(version)));
  }

  private static Version base(JsonNode value) {
    var version = Version.read(value);
    if (version == null) {
      throw new IllegalArgumentException("must be a semantic version, as 1.2.3, 1.2 or 1");
    }
    return version;
  }

  private static Version nextMajor(Version version) {
    return Version.release(Version.next(version.major()), ZERO, ZERO);
  }

  private static Version nextMinor(Version version) {
    return Version.release(version.major(), Version.next(version.minor()), ZERO);
  }
}
