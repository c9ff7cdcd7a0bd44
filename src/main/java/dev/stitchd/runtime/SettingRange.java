package dev.stitchd.runtime;

import dev.stitchd.kernel.Allowed;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/// What one setting may be.
///
/// @param kind what a person has to write
/// @param from the least, as it is written
/// @param to the most, as it is written; empty for as much as can be counted
record SettingRange(String kind, String from, String to, BigInteger least, BigInteger most) {

  private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

  /// Null for a type that has no range.
  static @Nullable SettingRange of(Class<?> type, @Nullable Allowed allowed) {
    var from = allowed == null ? "" : allowed.from();
    var to = allowed == null ? "" : allowed.to();
    if (type == int.class || type == long.class) {
      return of("a whole number", from.isEmpty() ? "1" : from, to, BigInteger::new);
    }
    if (type == boolean.class) {
      return new SettingRange("true or false", "", "", BigInteger.ZERO, BigInteger.ONE);
    }
    if (type == Duration.class) {
      var least = from.isEmpty() ? "1ms" : from;
      return of("a duration such as 500ms, 10s or 5m", least, to, SettingRange::nanos);
    }
    if (type == DataSize.class) {
      var least = from.isEmpty() ? "1B" : from;
      return of("a size such as 64KB or 10MB", least, to, SettingRange::bytes);
    }
    return null;
  }

  private static SettingRange of(
      String kind, String from, String to, Function<String, BigInteger> read) {
    return new SettingRange(kind, from, to, read.apply(from), to.isEmpty() ? MOST : read.apply(to));
  }

  /// The rule that a value breaks. Durations are counted in nanoseconds somewhere, which end after
  /// 292 years.
  Optional<String> broken(Object value) {
    var number = number(value);
    if (number.compareTo(least) >= 0 && number.compareTo(most) <= 0) {
      return Optional.empty();
    }
    if (!to.isEmpty()) {
      return Optional.of("between " + from + " and " + to);
    }
    return Optional.of(number.compareTo(least) < 0 ? "at least " + from : "less than 292 years");
  }

  private static BigInteger number(Object value) {
    return switch (value) {
      case Duration duration -> nanos(duration);
      case Boolean flag -> flag ? BigInteger.ONE : BigInteger.ZERO;
      case DataSize size -> BigInteger.valueOf(size.toBytes());
      default -> BigInteger.valueOf(((Number) value).longValue());
    };
  }

  private static BigInteger nanos(String text) {
    return nanos(DurationStyle.detectAndParse(text));
  }

  private static BigInteger nanos(Duration duration) {
    return BigInteger.valueOf(duration.getSeconds())
        .multiply(BigInteger.valueOf(1_000_000_000))
        .add(BigInteger.valueOf(duration.getNano()));
  }

  private static BigInteger bytes(String text) {
    return BigInteger.valueOf(DataSize.parse(text).toBytes());
  }

  /// `perKey` as in `stitchd.stream.per-key`.
  static String dashed(String component) {
    return component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /// `stitchd.stream.per-key` as users write it.
  static String variable(String name) {
    return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }
}
