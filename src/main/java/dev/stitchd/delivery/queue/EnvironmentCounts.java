package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.kernel.EnvironmentId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// How many events of some belong to each environment. Immutable.
public record EnvironmentCounts(Map<EnvironmentId, Integer> counts) {

  public static final EnvironmentCounts NONE = new EnvironmentCounts(Map.of());

  public static EnvironmentCounts of(List<QueuedEvent> events) {
    return count(events.size(), i -> events.get(i).event().environment());
  }

  public static EnvironmentCounts ofEvents(List<Event> events) {
    return count(events.size(), i -> events.get(i).environment());
  }

  public static EnvironmentCounts of(EncodedBatch batch) {
    return count(batch.rows(), batch::environment);
  }

  /// Events of one environment mostly come one after the other, so runs are counted, not events.
  private static EnvironmentCounts count(int size, IntFunction<EnvironmentId> environments) {
    var counts = new LinkedHashMap<EnvironmentId, Integer>();
    int from = 0;
    for (int i = 1; i <= size; i++) {
      if (i == size || !environments.apply(i).equals(environments.apply(from))) {
        counts.merge(environments.apply(from), i - from, Integer::sum);
        from = i;
      }
    }
    return new EnvironmentCounts(counts);
  }

  public int total() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  public EnvironmentCounts plus(EnvironmentCounts other) {
    return merged(other, 1);
  }

  public EnvironmentCounts minus(EnvironmentCounts part) {
    return merged(part, -1);
  }

  private EnvironmentCounts merged(EnvironmentCounts other, int sign) {
    var sum = new LinkedHashMap<>(counts);
    other.counts.forEach(
        (environment, count) -> sum.merge(environment, sign * count, Integer::sum));
    return new EnvironmentCounts(sum);
  }
}
