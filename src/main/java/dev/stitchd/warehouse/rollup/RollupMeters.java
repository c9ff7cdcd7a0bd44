package dev.stitchd.warehouse.rollup;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/// Rollups in numbers, on the node that makes them. Alert when the lag grows.
final class RollupMeters {

  private final MeterRegistry registry;
  private final Counter rolled;
  private final Counter reopened;
  private final Counter failed;
  private final Timer looks;

  /// In seconds; not a number where another node makes the rollups, or none was tried yet.
  private volatile double lag = Double.NaN;

  RollupMeters(MeterRegistry registry) {
    this.registry = registry;
    rolled = counter("rolled", "Hours of a flag that were rolled up, again ones included");
    reopened = counter("reopened", "Those of them that had been rolled up and got late events");
    failed = counter("failed", "Attempts to bring rollups up to date that failed");
    looks =
        Timer.builder("stitchd.rollup.duration")
            .description("How long it took to bring all closed hours up to date")
            .register(registry);
    Gauge.builder("stitchd.rollup.lag", this, meters -> meters.lag)
        .description("How long ago the oldest hour closed that is not rolled up")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder("stitchd.rollup." + name).description(description).register(registry);
  }

  Timer.Sample begun() {
    return Timer.start(registry);
  }

  void behind(Rollups.Behind behind) {
    reopened.increment(behind.reopened());
    lag = behind.lag().toMillis() / 1_000.0;
  }

  void done(Timer.Sample begun, long hours) {
    begun.stop(looks);
    rolled.increment(hours);
    lag = 0;
  }

  void elsewhere() {
    lag = Double.NaN;
  }

  void failed() {
    failed.increment();
  }
}
