package dev.stitchd.ruleset.operator;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Points in time: RFC 3339, or milliseconds since 1970.
public final class Dates {

  /// What RFC 3339 allows; the ranges of the digits are the parser's to check.
  private static final Pattern RFC_3339 =
      Pattern.compile(
          "\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)");

  private Dates() {}

  /// The point in time; null if the value is none.
  static @Nullable Instant read(JsonNode value) {
    if (value.isString()) {
      return parse(value.stringValue());
    }
    double millis = value.isNumber() ? value.doubleValue() : Double.NaN;
    return Math.abs(millis) <= Long.MAX_VALUE / 1_000.0
        ? Instant.ofEpochMilli((long) Math.floor(millis))
        : null;
  }

  private static @Nullable Instant parse(String text) {
    if (text.length() > 40 || !RFC_3339.matcher(text).matches()) {
      return null;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException _) {
      return null;
    }
  }
}
