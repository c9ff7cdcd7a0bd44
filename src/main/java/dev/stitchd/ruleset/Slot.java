package dev.stitchd.ruleset;

/// A stretch of buckets that gets one variant.
///
/// @param width in buckets, of [Slot#TOTAL]
public record Slot(String variant, int width) {

  /// The buckets of a rollout: the widths of its slots sum to this.
  public static final int TOTAL = 100_000;
}
