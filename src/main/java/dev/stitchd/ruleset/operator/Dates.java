package dev.stitchd.ruleset.operator;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Points in time: milliseconds since 1970, RFC 3339, and what Java, JavaScript, Python and Go
/// print unless told otherwise. A date alone is its first instant in UTC; a time without an offset
/// is no point in time.
public final class Dates {

  /// Java leaves out seconds that are 0 and adds a zone in brackets, Python and Go put a space for
  /// the T, Go adds the name of the zone and what its monotonic clock said. The offset decides. The
  /// ranges of the digits are the parser's to check.
  private static final Pattern TEXT =
      Pattern.compile(
          "(?<date>\\d{4}-\\d\\d-\\d\\d)"
              + "(?:[Tt ](?<time>\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,60})?)?)"
              + " ?(?<offset>[Zz]|[+-]\\d\\d(?::?\\d\\d(?::?\\d\\d)?)?)"
              + "(?: (?:[A-Za-z]{1,6}|[+-]\\d{2,4}))?(?: m=[+-]\\d{1,20}\\.\\d{1,20})?"
              + "(?:\\[[A-Za-z0-9_+:/-]{1,50}\\])?)?");

  private static final int MAX_LENGTH = 120;

  /// `10:01`.
  private static final int MINUTES = 5;

  /// `10:01:00.123456789`; nobody tells finer times apart.
  private static final int LONGEST_TIME = 18;

  /// The second that UTC may have more at the end of a day: it is taken as the last instant of the
  /// one before.
  private static final String LEAP = ":60";

  private static final String LAST = ":59.999999999";

  private Dates() {}

  /// The point in time that an operator's value names.
  ///
  /// @throws IllegalArgumentException if it names none
  public static Instant instant(JsonNode value) {
    var instant = read(value);
    if (instant == null) {
      throw new IllegalArgumentException("names no point in time: " + value);
    }
    return instant;
  }

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
    var found = text.length() > MAX_LENGTH ? null : TEXT.matcher(text);
    if (found == null || !found.matches()) {
      return null;
    }
    try {
      var date = LocalDate.parse(found.group("date"));
      var time = found.group("time");
      return time == null
          ? date.atStartOfDay().toInstant(ZoneOffset.UTC)
          : instant(date, time, offset(found.group("offset")));
    } catch (DateTimeException _) {
      return null;
    }
  }

  private static @Nullable Instant instant(LocalDate date, String time, ZoneOffset offset) {
    if (!time.startsWith(LEAP, MINUTES)) {
      var exact = time.length() > LONGEST_TIME ? time.substring(0, LONGEST_TIME) : time;
      return date.atTime(LocalTime.parse(exact)).toInstant(offset);
    }
    var instant = date.atTime(LocalTime.parse(time.substring(0, MINUTES) + LAST)).toInstant(offset);
    return instant.atOffset(ZoneOffset.UTC).toLocalTime().equals(LocalTime.MAX) ? instant : null;
  }

  private static ZoneOffset offset(String text) {
    return text.equalsIgnoreCase("Z") ? ZoneOffset.UTC : ZoneOffset.of(text);
  }
}
