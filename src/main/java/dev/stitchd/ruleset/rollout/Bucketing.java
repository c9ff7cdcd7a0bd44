package dev.stitchd.ruleset.rollout;

import dev.stitchd.ruleset.Slot;
import java.nio.charset.StandardCharsets;

/// Which bucket a unit falls into. Published and portable: bit for bit flagd's `fractional`.
public final class Bucketing {

  private Bucketing() {}

  /// The bucket of a unit in a rollout, 0 to [Slot#TOTAL] − 1.
  public static int bucket(String salt, String unit) {
    return bucket((salt + ":" + unit).getBytes(StandardCharsets.UTF_8), Slot.TOTAL);
  }

  /// The bucket of these bytes among `total`.
  public static int bucket(byte[] bytes, int total) {
    return (int) ((Integer.toUnsignedLong(Murmur3.hash(bytes)) * total) >>> 32);
  }
}
