package dev.stitchd.ingest;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// How ids and times are spelt. The JDK's own readers take several times longer than everything
/// else that is done for an event, so what SDKs write is read here, and every other spelling there.
/// Pure.
final class IdsAndTimes {

  private static final int UUID_LENGTH = 36;
  private static final int PLAIN_TIME_LENGTH = "2026-01-31T12:00:00.000Z".length();
  private static final int DAYS_OF_ANY_MONTH = 28;

  private IdsAndTimes() {}

  /// A UUID in its only form, in letters of either case; null if it is none.
  static @Nullable UUID uuid(String text) {
    if (text.length() != UUID_LENGTH
        || text.charAt(8) != '-'
        || text.charAt(13) != '-'
        || text.charAt(18) != '-'
        || text.charAt(23) != '-') {
      return null;
    }
    long first = hex(text, 0, 8);
    long second = hex(text, 9, 13);
    long third = hex(text, 14, 18);
    long fourth = hex(text, 19, 23);
    long last = hex(text, 24, UUID_LENGTH);
    return (first | second | third | fourth | last) < 0
        ? null
        : new UUID(first << 32 | second << 16 | third, fourth << 48 | last);
  }

  /// At most twelve digits; negative if one is none.
  private static long hex(String text, int from, int to) {
    long value = 0;
    int worst = 0;
    for (int i = from; i < to; i++) {
      int digit = hexDigit(text.charAt(i));
      worst |= digit;
      value = value << 4 | digit & 15;
    }
    return worst < 0 ? -1 : value;
  }

  private static int hexDigit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int letter = c | 0x20; // small; nothing beyond ASCII becomes one of these
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
  }

  /// @throws DateTimeParseException if it is no time
  static Instant time(String text) {
    var plain = plainTime(text);
    return plain == null ? Instant.parse(text) : plain;
  }

  /// In UTC with milliseconds, as most write it; null for anything else, right or wrong.
  private static @Nullable Instant plainTime(String text) {
    if (text.length() != PLAIN_TIME_LENGTH
        || text.charAt(4) != '-'
        || text.charAt(7) != '-'
        || text.charAt(10) != 'T'
        || text.charAt(13) != ':'
        || text.charAt(16) != ':'
        || text.charAt(19) != '.'
        || text.charAt(23) != 'Z') {
      return null;
    }
    var day = day(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
    int hour = number(text, 11, 13);
    int minute = number(text, 14, 16);
    int second = number(text, 17, 19);
    int millis = number(text, 20, 23);
    if (day == null || (hour | minute | second | millis) < 0) {
      return null;
    }
    if (hour > 23 || minute > 59 || second > 59) {
      return null; // midnight as 24:00, leap seconds
    }
    long seconds = day.toEpochDay() * 86_400 + hour * 3_600 + minute * 60 + second;
    return Instant.ofEpochMilli(seconds * 1_000 + millis);
  }

  private static @Nullable LocalDate day(int year, int month, int day) {
    if ((year | month | day) < 0 || month < 1 || month > 12 || day < 1) {
      return null;
    }
    return day <= DAYS_OF_ANY_MONTH || day <= YearMonth.of(year, month).lengthOfMonth()
        ? LocalDate.of(year, month, day)
        : null;
  }

  /// Negative if a digit is none.
  private static int number(String text, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
