package dev.stitchd.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicLong;

/// What is held, and what became of everything that ever was. At rest `accepted = stored + dead +
/// in flight`; `refused` (offers that were answered so) and `dropped` (this server's own events)
/// stand beside it: they were never accepted. Also the bound: an event counts against it from
/// admission until it is settled, wherever it waits meanwhile, so queue, batches and running
/// inserts together never hold more. Safe from any thread.
///
/// Alert when `stitchd.events.dead` grows, or `stitchd.events.in-flight` stays near
/// `stitchd.events.queue-events`.
final class Account {

  private final DeliverySettings settings;
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final Counter accepted;
  private final Counter stored;
  private final Counter dead;
  private final Counter refused;
  private final Counter dropped;

  Account(DeliverySettings settings, MeterRegistry meters) {
    this.settings = settings;
    accepted = counter(meters, "accepted", "Events taken into the queue");
    stored = counter(meters, "stored", "Accepted events that are durable in the event store");
    dead = counter(meters, "dead", "Accepted events that the event store refused for good");
    refused = counter(meters, "refused", "Offered events that were not kept and answered so");
    dropped = counter(meters, "dropped", "Events of this server's own that were not kept");
    Gauge.builder("stitchd.events.in-flight", events, AtomicLong::get)
        .description("Accepted events that are neither stored nor dead yet")
        .register(meters);
    Gauge.builder("stitchd.events.in-flight.bytes", bytes, AtomicLong::get)
        .description("Their estimated size on the heap")
        .baseUnit("bytes")
        .register(meters);
    Gauge.builder("stitchd.events.capacity", settings, DeliverySettings::queueEvents)
        .description("How many events may be in flight")
        .register(meters);
  }

  private static Counter counter(MeterRegistry meters, String name, String description) {
    return Counter.builder("stitchd.events." + name).description(description).register(meters);
  }

  /// Takes room for events, all of it or none. Others who ask at the same moment may be refused
  /// though room for them would just do; never the other way round.
  boolean reserve(int count, long weight) {
    if (events.addAndGet(count) <= settings.queueEvents()) {
      if (bytes.addAndGet(weight) <= settings.queueBytes().toBytes()) {
        return true;
      }
      bytes.addAndGet(-weight);
    }
    events.addAndGet(-count);
    return false;
  }

  /// Gives back what was reserved for events that were not taken after all.
  void withdraw(int count, long weight) {
    release(count, weight);
  }

  void accepted(int count) {
    accepted.increment(count);
  }

  void stored(int count, long weight) {
    stored.increment(count);
    release(count, weight);
  }

  void dead(long weight) {
    dead.increment();
    release(1, weight);
  }

  void refused(int count) {
    refused.increment(count);
  }

  void dropped() {
    dropped.increment();
  }

  long inFlight() {
    return events.get();
  }

  private void release(int count, long weight) {
    events.addAndGet(-count);
    bytes.addAndGet(-weight);
  }
}
