package dev.stitchd.ruleset.operator;

import java.math.BigInteger;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A semantic version, ordered by precedence: build metadata does not count. A missing minor or
/// patch number is 0, numbers have any length (digits as they are, without leading zeros), and a
/// leading `v` is allowed. (Not a library's: those hold numbers in 32 or 64 bits.)
///
/// @param parts how many of the three numbers were written
/// @param preRelease its identifiers; empty for a release
public record Version(String major, String minor, String patch, int parts, List<String> preRelease)
    implements Comparable<Version> {

  private static final int MAX_LENGTH = 256;
  private static final String NUMBER = "(0|[1-9][0-9]*+)";
  private static final String IDENTIFIER =
      "(?:(?:0|[1-9][0-9]*+)(?![0-9A-Za-z-])|[0-9]*+[A-Za-z-][0-9A-Za-z-]*+)";
  private static final Pattern SYNTAX =
      Pattern.compile(
          "[vV]?%1$s(?:\\.%1$s(?:\\.%1$s(?:-(%2$s(?:\\.%2$s)*+))?(?:\\+[0-9A-Za-z-]++(?:\\.[0-9A-Za-z-]++)*+)?)?)?"
              .formatted(NUMBER, IDENTIFIER));
  private static final Pattern DOT = Pattern.compile("\\.");
  private static final String ZERO = "0";

  /// The version; null if the value is none.
  static @Nullable Version read(JsonNode value) {
    return value.isString() ? parse(value.stringValue().trim()) : null;
  }

  private static @Nullable Version parse(String text) {
    var found = text.length() > MAX_LENGTH ? null : SYNTAX.matcher(text);
    if (found == null || !found.matches()) {
      return null;
    }
    var minor = found.group(2);
    var patch = found.group(3);
    var preRelease = found.group(4);
    return new Version(
        found.group(1),
        minor == null ? ZERO : minor,
        patch == null ? ZERO : patch,
        minor == null ? 1 : patch == null ? 2 : 3,
        preRelease == null ? List.of() : List.of(DOT.split(preRelease)));
  }

  static Version release(String major, String minor, String patch) {
    return new Version(major, minor, patch, 3, List.of());
  }

  /// The number after this one.
  static String next(String number) {
    return new BigInteger(number).add(BigInteger.ONE).toString();
  }

  /// In full, without a leading `v` and without build metadata.
  public String text() {
    var release = major + "." + minor + "." + patch;
    return isPreRelease() ? release + "-" + String.join(".", preRelease) : release;
  }

  /// The release that a pre-release comes before; a release itself.
  public Version released() {
    return release(major, minor, patch);
  }

  boolean isPreRelease() {
    return !preRelease.isEmpty();
  }

  /// Whether major, minor and patch are the same.
  boolean isSameRelease(Version other) {
    return major.equals(other.major) && minor.equals(other.minor) && patch.equals(other.patch);
  }

  @Override
  public int compareTo(Version other) {
    int result = compareNumbers(major, other.major);
    result = result != 0 ? result : compareNumbers(minor, other.minor);
    result = result != 0 ? result : compareNumbers(patch, other.patch);
    return result != 0 ? result : comparePreReleases(preRelease, other.preRelease);
  }

  /// A pre-release comes before its release, and before one that has more identifiers.
  private static int comparePreReleases(List<String> left, List<String> right) {
    if (left.isEmpty() || right.isEmpty()) {
      return Boolean.compare(left.isEmpty(), right.isEmpty());
    }
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      int result = compareIdentifiers(left.get(i), right.get(i));
      if (result != 0) {
        return result;
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  /// Numbers by value and before words, words by their characters.
  private static int compareIdentifiers(String left, String right) {
    boolean isNumber = isNumber(left);
    if (isNumber != isNumber(right)) {
      return isNumber ? -1 : 1;
    }
    return isNumber ? compareNumbers(left, right) : left.compareTo(right);
  }

  private static int compareNumbers(String left, String right) {
    int result = Integer.compare(left.length(), right.length());
    return result != 0 ? result : left.compareTo(right);
  }

  private static boolean isNumber(String identifier) {
    for (int i = 0; i < identifier.length(); i++) {
      char c = identifier.charAt(i);
      if (c < '0' || c > '9') {
        return false;
      }
    }
    return true;
  }
}
