package dev.stitchd.load;

import java.util.Arrays;

/// Order statistics of durations in nanoseconds, answered in milliseconds.
final class Percentiles {

  private final long[] sorted;

  private Percentiles(long[] sorted) {
    this.sorted = sorted;
  }

  static Percentiles of(long[] nanos) {
    var copy = nanos.clone();
    Arrays.sort(copy);
    return new Percentiles(copy);
  }

  int count() {
    return sorted.length;
  }

  /// The nearest-rank percentile in milliseconds, rounded to microseconds.
  ///
  /// @param percent 0 to 100
  double millis(double percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    var rank = (int) Math.ceil(percent / 100 * sorted.length) - 1;
    return Math.round(sorted[Math.clamp(rank, 0, sorted.length - 1)] / 1e3) / 1e3;
  }
}
