package dev.stitchd.ruleset.rollout;

import dev.stitchd.ruleset.Slot;
import java.math.BigDecimal;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.DecimalNode;
import tools.jackson.databind.node.IntNode;

/// Percentages with up to three decimals, as widths in buckets: 1 % is 1 000 buckets. Decimal
/// arithmetic throughout.
public final class Weights {

  private static final int DECIMALS = 3;

  private Weights() {}

  /// The width of a percentage.
  ///
  /// @throws IllegalArgumentException if it is no number from 0 to 100 with at most three decimals
  public static int width(JsonNode percent) {
    if (!percent.isNumber() || !Double.isFinite(percent.doubleValue())) {
      throw new IllegalArgumentException("must be a percentage, as 12.5");
    }
    var width = percent.decimalValue().movePointRight(DECIMALS);
    if (width.signum() < 0 || width.compareTo(BigDecimal.valueOf(Slot.TOTAL)) > 0) {
      throw new IllegalArgumentException("must be from 0 to 100");
    }
    try {
      return width.intValueExact();
    } catch (ArithmeticException _) {
      throw new IllegalArgumentException("has more than three decimals");
    }
  }

  /// The percentage of a width, as short as possible.
  public static JsonNode percent(int width) {
    var percent = BigDecimal.valueOf(width, DECIMALS).stripTrailingZeros();
    return percent.scale() <= 0
        ? IntNode.valueOf(percent.intValueExact())
        : DecimalNode.valueOf(percent);
  }
}
