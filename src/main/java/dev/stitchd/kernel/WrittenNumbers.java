package dev.stitchd.kernel;

import java.io.Serial;
import java.math.BigDecimal;
import java.math.BigInteger;
import tools.jackson.core.JsonParser;
import tools.jackson.core.util.JsonParserDelegate;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ValueNode;

/// Numbers with a fraction or an exponent, with the value that was written: as a double where that
/// says it (the double whose shortest text has the same value), else with all their digits. What is
/// beyond a double's range, so small that its digits could not be counted, or longer than
/// [#LONGEST], is a double that is not finite, which no reader takes for a number.
final class WrittenNumbers extends JsonNodeFactory {

  @Serial private static final long serialVersionUID = 1;

  /// Longer numbers are not kept: to compute with them costs more than their digits.
  static final int LONGEST = 1_000;

  /// What a whole number of more digits is read as: it has more than any that is kept.
  private static final BigInteger TOO_LONG = BigInteger.TEN.pow(LONGEST);

  /// Smaller numbers than ten to this power are not kept: comparing them would cost as many digits.
  private static final int SMALLEST_EXPONENT = -1_000;

  /// So many digits every double of a moderate size keeps.
  private static final int KEPT_DIGITS = 15;

  private static final int MODERATE = 300;

  /// Beyond what is kept, and short.
  private static final BigDecimal NOT_KEPT = BigDecimal.valueOf(1, -Short.MAX_VALUE);

  @Override
  public ValueNode numberNode(BigDecimal written) {
    int exponent = written.precision() - written.scale();
    if (written.signum() == 0) {
      return DoubleNode.valueOf(0);
    }
    if (exponent < SMALLEST_EXPONENT) {
      return DoubleNode.valueOf(Double.NaN);
    }
    double number = written.doubleValue();
    return isSaidBy(number, exponent, written)
        ? DoubleNode.valueOf(number)
        : super.numberNode(written);
  }

  @Override
  public ValueNode numberNode(BigInteger written) {
    return written.equals(TOO_LONG) ? DoubleNode.valueOf(Double.NaN) : super.numberNode(written);
  }

  /// Whether a double says a JSON number.
  static boolean isSaidBy(double number, String json) {
    if (json.length() > LONGEST || !isDecimal(json)) {
      return false;
    }
    var written = new BigDecimal(json);
    return written.signum() == 0
        || isSaidBy(number, written.precision() - written.scale(), written);
  }

  private static boolean isSaidBy(double number, int exponent, BigDecimal written) {
    return written.precision() <= KEPT_DIGITS && Math.abs(exponent) < MODERATE
        || !Double.isFinite(number)
        || BigDecimal.valueOf(number).compareTo(written) == 0;
  }

  /// The same parser, for which exponents that no decimal has, and any digits, are numbers too.
  static JsonParser reading(JsonParser parser) {
    return new JsonParserDelegate(parser) {
      @Override
      public BigDecimal getDecimalValue() {
        return isKept() && isDecimal(getString()) ? super.getDecimalValue() : NOT_KEPT;
      }

      @Override
      public BigInteger getBigIntegerValue() {
        return isKept() ? super.getBigIntegerValue() : TOO_LONG;
      }

      private boolean isKept() {
        return getStringLength() <= LONGEST;
      }
    };
  }

  private static boolean isDecimal(String number) {
    int e = Math.max(number.indexOf('e'), number.indexOf('E'));
    if (e < 0) {
      return true;
    }
    try {
      return Math.abs((long) Integer.parseInt(number.substring(e + 1))) < Short.MAX_VALUE;
    } catch (NumberFormatException _) {
      return false;
    }
  }
}
