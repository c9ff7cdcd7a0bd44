package dev.stitchd.catalog.deletion;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

/// What is told of deletions: the installation's, as this node read them last, and what it removed
/// itself.
@Component
final class DeletionMeters {

  private final Counter removed;
  private volatile DeletionRows.Open open = DeletionRows.Open.NONE;

  DeletionMeters(MeterRegistry meters) {
    this.removed =
        Counter.builder("stitchd.deletions.removed")
            .description("Rows of deleted projects and environments that this node removed")
            .register(meters);
    Gauge.builder("stitchd.deletions", this, it -> it.open.queued())
        .tag("state", "queued")
        .description("Deletions of which no row is removed yet, of all nodes")
        .register(meters);
    Gauge.builder("stitchd.deletions", this, it -> it.open.running())
        .tag("state", "running")
        .description("Deletions that some node has begun to carry out, of all nodes")
        .register(meters);
    Gauge.builder("stitchd.deletions.oldest", this, it -> it.open.oldestSeconds())
        .baseUnit("seconds")
        .description("How long ago the oldest deletion that is not done was asked for")
        .register(meters);
  }

  void found(DeletionRows.Open now) {
    open = now;
  }

  void removed(long rows) {
    removed.increment(rows);
  }
}
