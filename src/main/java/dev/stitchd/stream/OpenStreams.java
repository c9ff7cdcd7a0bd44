package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Gauges of open streams by environment; one that has none has no gauge. Safe from any thread.
final class OpenStreams {

  private record Open(AtomicInteger streams, Gauge gauge) {}

  private final MeterRegistry meters;
  private final String kind;
  private final ConcurrentMap<EnvironmentId, Open> open = new ConcurrentHashMap<>();

  /// @param kind which of the protocols these streams speak
  OpenStreams(MeterRegistry meters, String kind) {
    this.meters = meters;
    this.kind = kind;
  }

  void enter(EnvironmentId environment) {
    open.compute(
        environment,
        (id, known) -> {
          var entry = known == null ? gauge(id) : known;
          entry.streams.incrementAndGet();
          return entry;
        });
  }

  void leave(EnvironmentId environment) {
    open.computeIfPresent(
        environment,
        (_, entry) -> {
          if (entry.streams.decrementAndGet() > 0) {
            return entry;
          }
          meters.remove(entry.gauge);
          return null;
        });
  }

  private Open gauge(EnvironmentId environment) {
    var streams = new AtomicInteger();
    var gauge =
        Gauge.builder("stitchd.stream.open", streams, AtomicInteger::get)
            .description("Open streams of an environment")
            .tag("environment", environment.value().toString())
            .tag("kind", kind)
            .register(meters);
    return new Open(streams, gauge);
  }
}
