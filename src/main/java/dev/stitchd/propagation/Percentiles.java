package dev.stitchd.propagation;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Many times put together, whoever measured them. One thread.
final class Percentiles {

  private final TreeMap<Long, Long> counts = new TreeMap<>();
  private long total;
  private long max;

  /// @param millis what is negative, by the little that clocks differ, counts as none
  void add(long millis, long times) {
    long positive = Math.max(0, millis);
    counts.merge(positive, times, Long::sum);
    total += times;
    max = Math.max(max, positive);
  }

  /// Null if there is none.
  Propagation.@Nullable Times result() {
    return total == 0
        ? null
        : new Propagation.Times(total, Math.min(max, at(0.5)), Math.min(max, at(0.99)), max);
  }

  private long at(double share) {
    long rank = (long) Math.ceil(share * total);
    long seen = 0;
    for (Map.Entry<Long, Long> count : counts.entrySet()) {
      seen += count.getValue();
      if (seen >= rank) {
        return count.getKey();
      }
    }
    return max;
  }
}
