package dev.stitchd.decide;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.UuidV7;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.springframework.stereotype.Component;

/// How often each variant was given since the last flush. Bounded: what is new beyond the bound is
/// dropped, and a metric says so. Safe from any thread; an addition is in exactly one flush.
@Component
final class EvaluationCounts {

  private record Given(EnvironmentId environment, String flag, String variant) {}

  private final ConcurrentHashMap<Given, Long> counts = new ConcurrentHashMap<>();
  private final EventQueue queue;
  private final Clock clock;
  private final RandomGenerator chance;
  private final int most;
  private final Counter dropped;

  EvaluationCounts(
      EventQueue queue,
      Clock clock,
      RandomGenerator chance,
      DecideSettings settings,
      MeterRegistry meters) {
    this.queue = queue;
    this.clock = clock;
    this.chance = chance;
    this.most = settings.counts();
    this.dropped =
        Counter.builder("stitchd.decide.counts.dropped")
            .description("Evaluations that were not counted, because too many variants were")
            .register(meters);
  }

  void add(EnvironmentId environment, String flag, String variant) {
    var given = new Given(environment, flag, variant);
    if (counts.mappingCount() >= most && !counts.containsKey(given)) {
      dropped.increment();
    } else {
      counts.merge(given, 1L, Long::sum);
    }
  }

  /// Hands everything counted so far to the queue.
  void flush() {
    for (var given : counts.keySet()) {
      var count = counts.remove(given);
      if (count != null) {
        queue.record(event(given, count));
      }
    }
  }

  private Event.Count event(Given given, long count) {
    var now = clock.instant();
    return new Event.Count(
        given.environment(),
        UuidV7.at(now, chance),
        now,
        now,
        Event.Source.STITCHD,
        given.flag(),
        given.variant(),
        count);
  }
}
