package dev.stitchd.ruleset.operator;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.stitchd.ruleset.Limits;
import tools.jackson.databind.JsonNode;

/// Patterns in RE2's syntax, whose matching time is linear in the text. Their size is bounded too:
/// matching costs pattern times text.
public final class Patterns {

  private Patterns() {}

  /// @throws IllegalArgumentException if the value is no pattern, or one that is too large
  public static Pattern parse(JsonNode value) {
    if (!value.isString()) {
      throw new IllegalArgumentException("must be a pattern, as a string");
    }
    var text = value.stringValue();
    if (text.length() > Limits.PATTERN_LENGTH) {
      throw new IllegalArgumentException(
          "is a pattern longer than " + Limits.PATTERN_LENGTH + " characters");
    }
    if (PatternSize.of(text) > Limits.PATTERN_PROGRAM) {
      throw tooLarge();
    }
    return compile(text);
  }

  private static Pattern compile(String text) {
    try {
      var pattern = Pattern.compile(text);
      if (pattern.programSize() > Limits.PATTERN_PROGRAM) {
        throw tooLarge();
      }
      return pattern;
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("is not a pattern in RE2's syntax: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException tooLarge() {
    return new IllegalArgumentException(
        "is a pattern whose repetitions make it too large to match quickly");
  }
}
