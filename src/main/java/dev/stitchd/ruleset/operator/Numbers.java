package dev.stitchd.ruleset.operator;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.IntNode;
import tools.jackson.databind.node.LongNode;

/// JSON numbers by the value that is written: `1`, `1.0` and `1e0` are one number, and a double is
/// the number that its shortest text says.
public final class Numbers {

  private static final BigInteger MIN_LONG = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_LONG = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  /// The one object that equals that of every JSON number of the same value: a `Long` if it is
  /// whole and fits, a `BigInteger` if it is whole, a `Double` if one says it, else a `BigDecimal`.
  /// Null if it is not a finite number.
  public static @Nullable Object canonical(JsonNode value) {
    if (value instanceof IntNode whole) {
      return (long) whole.intValue();
    }
    if (value instanceof LongNode whole) {
      return whole.longValue();
    }
    if (!value.isNumber()) {
      return null;
    }
    if (value.isBigInteger()) {
      return whole(value.bigIntegerValue());
    }
    if (value.isBigDecimal()) {
      return canonical(value.decimalValue());
    }
    double number = value.doubleValue();
    if (!Double.isFinite(number)) {
      return null;
    }
    if (number != Math.rint(number)) {
      return number;
    }
    return Math.abs(number) < 0x1p53
        ? (Object) (long) number
        : whole(BigDecimal.valueOf(number).toBigInteger());
  }

  private static Object canonical(BigDecimal written) {
    var shortest = written.stripTrailingZeros();
    if (shortest.scale() <= 0) {
      return whole(shortest.toBigInteger());
    }
    double number = shortest.doubleValue();
    return BigDecimal.valueOf(number).compareTo(shortest) == 0 ? (Object) number : shortest;
  }

  /// Compares two canonical numbers by value.
  static int compare(Object left, Object right) {
    if (left instanceof Long a && right instanceof Long b) {
      return Long.compare(a, b);
    }
    if (left instanceof Double a && right instanceof Double b) {
      return Double.compare(a, b);
    }
    return decimal(left).compareTo(decimal(right));
  }

  /// The JSON text of a canonical number: whole ones digit by digit, others as ECMAScript (and RFC
  /// 8785) writes them, which is the shortest text that reads back as the same number.
  public static String text(Object canonical) {
    return canonical instanceof Double || canonical instanceof BigDecimal
        ? fraction(decimal(canonical).stripTrailingZeros())
        : canonical.toString();
  }

  private static Object whole(BigInteger value) {
    return value.compareTo(MIN_LONG) >= 0 && value.compareTo(MAX_LONG) <= 0
        ? (Object) value.longValueExact()
        : value;
  }

  private static BigDecimal decimal(Object canonical) {
    return switch (canonical) {
      case Long value -> BigDecimal.valueOf(value);
      case BigInteger value -> new BigDecimal(value);
      case BigDecimal value -> value;
      default -> BigDecimal.valueOf((Double) canonical);
    };
  }

  /// One that is not whole needs no exponent unless it is tiny.
  private static String fraction(BigDecimal decimal) {
    var digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    if (exponent >= -6) {
      return decimal.toPlainString();
    }
    var point = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (decimal.signum() < 0 ? "-" : "") + point + "e" + exponent;
  }
}
