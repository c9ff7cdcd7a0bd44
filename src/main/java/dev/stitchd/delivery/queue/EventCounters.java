package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.kernel.EnvironmentId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicLong;

/// What is in flight, and what became of everything that ever was, in all and for each environment.
/// At rest `accepted + recovered = stored + dead + spooled + in flight`; `refused` (offers that
/// were answered so), `dropped` (this server's own events), `duplicate` and `rejected` (told by
/// whoever reads requests) stand beside it: they were never accepted. Also the bound: an event
/// counts against it from admission until it is settled, wherever it waits meanwhile, so queue,
/// batches and running inserts together never hold more. An event in the spool is settled: it waits
/// on disk and not here. Safe from any thread.
///
/// Alert when `stitchd.events.dead` grows, `stitchd.events.spooled` does not go back to zero, or
/// `stitchd.events.in-flight` stays near `stitchd.events.queue-events`.
public final class EventCounters implements EventAccounting {

  private final DeliverySettings settings;
  private final EnvironmentCounters environments;
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong spooled = new AtomicLong();
  private final Counter accepted;
  private final Counter recovered;
  private final Counter stored;
  private final Counter dead;
  private final Counter refused;
  private final Counter dropped;
  private final Counter duplicate;
  private final Counter rejected;

  public EventCounters(DeliverySettings settings, MeterRegistry meters) {
    this.settings = settings;
    environments = new EnvironmentCounters(settings.accounts());
    accepted = counter(meters, "accepted", "Events taken into the queue");
    recovered = counter(meters, "recovered", "Events found in the spool at the start");
    stored = counter(meters, "stored", "Accepted events that are durable in the event store");
    dead = counter(meters, "dead", "Accepted events that the event store refused for good");
    refused = counter(meters, "refused", "Offered events that were not kept and answered so");
    dropped = counter(meters, "dropped", "Events of this server's own that were not kept");
    duplicate = counter(meters, "duplicate", "Repeated ids within one request");
    rejected = counter(meters, "rejected", "Events that were rejected one by one");
    Gauge.builder("stitchd.events.spooled", spooled, AtomicLong::get)
        .description("Accepted events that wait on disk")
        .register(meters);
    Gauge.builder("stitchd.events.in-flight", events, AtomicLong::get)
        .description("Accepted events that are neither stored nor spooled nor dead yet")
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
  public boolean reserve(int count, long weight) {
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
  public void withdraw(int count, long weight) {
    release(count, weight);
  }

  public void accepted(EnvironmentCounts counts) {
    accepted.increment(counts.total());
    environments.add(counts, own -> own.accepted);
    environments.add(counts, own -> own.inFlight);
  }

  /// One event.
  void accepted(EnvironmentId environment) {
    accepted.increment();
    var own = environments.of(environment);
    own.accepted.increment();
    own.inFlight.increment();
  }

  public void stored(EnvironmentCounts counts, long weight) {
    stored.increment(counts.total());
    environments.move(counts, own -> own.inFlight, own -> own.stored);
    release(counts.total(), weight);
  }

  public void spooled(EnvironmentCounts counts, long weight) {
    spooled.addAndGet(counts.total());
    environments.move(counts, own -> own.inFlight, own -> own.spooled);
    release(counts.total(), weight);
  }

  public void dead(EnvironmentCounts counts, long weight) {
    dead.increment(counts.total());
    environments.move(counts, own -> own.inFlight, own -> own.dead);
    release(counts.total(), weight);
  }

  /// Found in the spool at the start.
  public void recovered(EnvironmentCounts counts) {
    recovered.increment(counts.total());
    spooled.addAndGet(counts.total());
    environments.add(counts, own -> own.recovered);
    environments.add(counts, own -> own.spooled);
  }

  public void replayed(EnvironmentCounts counts) {
    stored.increment(counts.total());
    spooled.addAndGet(-counts.total());
    environments.move(counts, own -> own.spooled, own -> own.stored);
  }

  public void deadInSpool(EnvironmentCounts counts) {
    dead.increment(counts.total());
    spooled.addAndGet(-counts.total());
    environments.move(counts, own -> own.spooled, own -> own.dead);
  }

  public void refused(EnvironmentCounts counts) {
    refused.increment(counts.total());
    environments.add(counts, own -> own.refused);
  }

  public void dropped(EnvironmentId environment) {
    dropped.increment();
    environments.of(environment).dropped.increment();
  }

  @Override
  public void beside(EnvironmentId environment, int duplicates, int rejectedOnes) {
    if (duplicates > 0) {
      duplicate.increment(duplicates);
      environments.of(environment).duplicate.add(duplicates);
    }
    if (rejectedOnes > 0) {
      rejected.increment(rejectedOnes);
      environments.of(environment).rejected.add(rejectedOnes);
    }
  }

  @Override
  public Standing of(EnvironmentId environment) {
    return environments.standing(environment);
  }

  public long inFlight() {
    return events.get();
  }

  private void release(int count, long weight) {
    events.addAndGet(-count);
    bytes.addAndGet(-weight);
  }
}
