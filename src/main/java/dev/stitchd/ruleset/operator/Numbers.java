package dev.stitchd.ruleset.operator;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.IntNode;
import tools.jackson.databind.node.LongNode;

/// JSON numbers by value: `1`, `1.0` and `1e0` are one number.
public final class Numbers {

  private static final BigInteger MIN_LONG = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_LONG = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  /// The one object that equals that of every JSON number of the same value: a `Long` if it is
  /// whole and fits, a `BigInteger` if it is whole, else a `Double`. Null if it is not a finite
  /// number.
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
    double number = value.doubleValue();
    if (!Double.isFinite(number)) {
      return null;
    }
    if (number != Math.rint(number)) {
      return number;
    }
    return Math.abs(number) < 0x1p63
        ? (Object) (long) number
        : whole(new BigDecimal(number, MathContext.UNLIMITED).toBigInteger());
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
  /// 8785) writes them, which is the shortest text that reads back as the same double.
  public static String text(Object canonical) {
    return canonical instanceof Double number ? fraction(number) : canonical.toString();
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
      default -> new BigDecimal((Double) canonical);
    };
  }

  /// A double that is not whole: it has at most 17 digits, so no exponent is needed but for tiny
  /// ones.
  private static String fraction(double number) {
    var decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    if (Math.abs(number) >= 1e-6) {
      return decimal.toPlainString();
    }
    var digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    var point = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (number < 0 ? "-" : "") + point + "e" + exponent;
  }
}
