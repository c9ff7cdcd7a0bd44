package dev.stitchd.delivery.spool;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/// The disk in numbers. Alert when the oldest batch gets old, the bytes come near the capacity, or
/// one of the counters grows.
final class SpoolMeters {

  private final MeterRegistry registry;
  private final Counter full;
  private final Counter failed;
  private final Counter corrupt;
  private final Counter unburied;

  SpoolMeters(MeterRegistry registry) {
    this.registry = registry;
    full = counter("full", "Batches that the spool had no room for");
    failed = counter("failed", "Batches that could not be written to disk");
    corrupt = counter("corrupt", "Spool files that could not be read and were set aside");
    unburied = counter("dead.unwritten", "Dead letters that could only be logged");
  }

  private Counter counter(String name, String description) {
    return Counter.builder("stitchd.spool." + name).description(description).register(registry);
  }

  void watch(FileSpool spool) {
    Gauge.builder("stitchd.spool.files", spool, FileSpool::files)
        .description("Batches that wait on disk")
        .register(registry);
    Gauge.builder("stitchd.spool.bytes", spool, FileSpool::bytes)
        .description("What they take, files that were set aside included")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("stitchd.spool.capacity", spool, FileSpool::capacity)
        .description("What they may take")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("stitchd.spool.age", spool, FileSpool::age)
        .description("How long the first of them has waited")
        .baseUnit("seconds")
        .register(registry);
  }

  void full() {
    full.increment();
  }

  void failed() {
    failed.increment();
  }

  void corrupt() {
    corrupt.increment();
  }

  void unburied() {
    unburied.increment();
  }
}
