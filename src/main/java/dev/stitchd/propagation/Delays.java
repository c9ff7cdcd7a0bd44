package dev.stitchd.propagation;

import java.util.SortedMap;
import java.util.TreeMap;

/// How long something took, many times: counts in buckets whose bounds are the same everywhere and
/// always, eight to a doubling, so that those of several nodes can be put together. A bucket stands
/// for its upper bound, so what is read from it is at most 9 % too long and never too short.
/// Confined to whoever holds it.
final class Delays {

  private static final int PER_DOUBLING = 8;

  /// Two to the 24th milliseconds, more than four hours; whatever took longer is counted there.
  private static final int LAST = 24 * PER_DOUBLING;

  private final SortedMap<Integer, Integer> counts = new TreeMap<>();
  private long max;

  void add(long millis, int times) {
    counts.merge(bucket(millis), times, Integer::sum);
    max = Math.max(max, millis);
  }

  /// The buckets that hold something.
  SortedMap<Integer, Integer> counts() {
    return counts;
  }

  /// The longest, exactly.
  long max() {
    return max;
  }

  /// Bucket 0 holds what took no millisecond, bucket i what took up to 2^(i-1)/8.
  static int bucket(long millis) {
    if (millis <= 0) {
      return 0;
    }
    var i = 1 + (int) Math.ceil(PER_DOUBLING * Math.log(millis) / Math.log(2) - 1e-9);
    return Math.min(i, LAST);
  }

  /// The upper bound of a bucket, in milliseconds.
  static long bound(int bucket) {
    return bucket <= 0 ? 0 : (long) Math.ceil(Math.pow(2, (bucket - 1.0) / PER_DOUBLING) - 1e-9);
  }
}
