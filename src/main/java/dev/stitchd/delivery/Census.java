package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// How many events of some belong to each environment. Immutable.
record Census(Map<EnvironmentId, Integer> counts) {

  static final Census NOBODY = new Census(Map.of());

  static Census of(List<Held> held) {
    return count(held.size(), i -> held.get(i).event().environment());
  }

  static Census ofEvents(List<Event> events) {
    return count(events.size(), i -> events.get(i).environment());
  }

  static Census of(Parcel parcel) {
    return count(parcel.rows(), parcel::environment);
  }

  /// Events of one environment mostly come one after the other, so runs are counted, not events.
  private static Census count(int size, IntFunction<EnvironmentId> environments) {
    var counts = new LinkedHashMap<EnvironmentId, Integer>();
    int from = 0;
    for (int i = 1; i <= size; i++) {
      if (i == size || !environments.apply(i).equals(environments.apply(from))) {
        counts.merge(environments.apply(from), i - from, Integer::sum);
        from = i;
      }
    }
    return new Census(counts);
  }

  int total() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  Census plus(Census other) {
    return merged(other, 1);
  }

  Census minus(Census part) {
    return merged(part, -1);
  }

  private Census merged(Census other, int sign) {
    var sum = new LinkedHashMap<>(counts);
    other.counts.forEach(
        (environment, count) -> sum.merge(environment, sign * count, Integer::sum));
    return new Census(sum);
  }
}
