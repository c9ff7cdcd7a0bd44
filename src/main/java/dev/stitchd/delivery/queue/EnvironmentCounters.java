package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.kernel.EnvironmentId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Function;

/// What became of the events of each environment, for so many environments: the others are not told
/// apart. Safe from any thread.
final class EnvironmentCounters {

  /// One environment's numbers on this node.
  static final class Counters {
    final LongAdder accepted = new LongAdder();
    final LongAdder recovered = new LongAdder();
    final LongAdder stored = new LongAdder();
    final LongAdder dead = new LongAdder();
    final LongAdder spooled = new LongAdder();
    final LongAdder inFlight = new LongAdder();
    final LongAdder duplicate = new LongAdder();
    final LongAdder rejected = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder dropped = new LongAdder();

    EventAccounting.Standing standing(boolean counted) {
      return new EventAccounting.Standing(
          counted,
          accepted.sum(),
          recovered.sum(),
          stored.sum(),
          dead.sum(),
          spooled.sum(),
          inFlight.sum(),
          duplicate.sum(),
          rejected.sum(),
          refused.sum(),
          dropped.sum());
    }
  }

  private final int most;
  private final Map<EnvironmentId, Counters> known = new ConcurrentHashMap<>();
  private final Counters others = new Counters();

  EnvironmentCounters(int most) {
    this.most = most;
  }

  /// Adds each environment's share to one of its numbers.
  void add(EnvironmentCounts counts, Function<Counters, LongAdder> column) {
    each(counts, (counters, count) -> column.apply(counters).add(count));
  }

  /// Moves each environment's share from one of its numbers to another.
  void move(
      EnvironmentCounts counts,
      Function<Counters, LongAdder> from,
      Function<Counters, LongAdder> to) {
    each(
        counts,
        (counters, count) -> {
          from.apply(counters).add(-count);
          to.apply(counters).add(count);
        });
  }

  private void each(EnvironmentCounts counts, BiConsumer<Counters, Integer> change) {
    counts.counts().forEach((environment, count) -> change.accept(of(environment), count));
  }

  Counters of(EnvironmentId environment) {
    var counters = known.get(environment);
    if (counters != null) {
      return counters;
    }
    // Two who ask at the same moment may go one beyond.
    return known.size() < most ? known.computeIfAbsent(environment, _ -> new Counters()) : others;
  }

  EventAccounting.Standing standing(EnvironmentId environment) {
    var counters = known.get(environment);
    return counters == null
        ? new Counters().standing(known.size() < most)
        : counters.standing(true);
  }
}
