package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.util.concurrent.Queues;

/// The bounded queue. The bound is kept by [EventCounters], from admission to durability; the sink
/// behind it only hands over, one element per offer.
final class SinkEventQueue implements EventQueue {

  private final DeliverySettings settings;
  private final EventCounters counters;
  private final Scheduler timer;
  private final RandomGenerator random;

  /// Many threads hand over at once, which its queue is made for; a serialized sink would refuse
  /// all but one, and those that try again until it is their turn cost more than the requests they
  /// serve.
  private final Sinks.Many<List<QueuedEvent>> offers =
      Sinks.unsafe()
          .many()
          .unicast()
          .onBackpressureBuffer(Queues.<List<QueuedEvent>>unboundedMultiproducer().get());

  /// Threads between the look at `open` and the end of handing over: the end of the sink waits for
  /// them, or what they hand over would be lost behind it.
  private final AtomicInteger handingOver = new AtomicInteger();

  /// True from [#open] to [#close] or [#refuse].
  private volatile boolean open;

  SinkEventQueue(
      DeliverySettings settings, EventCounters counters, Scheduler timer, RandomGenerator random) {
    this.settings = settings;
    this.counters = counters;
    this.timer = timer;
    this.random = random;
  }

  @Override
  public Mono<Admission> submit(List<Event> events) {
    return Mono.defer(() -> offer(events));
  }

  @Override
  public void record(Event event) {
    if (!enqueue(List.of(QueuedEvent.of(event, null)))) {
      counters.dropped(event.environment());
    }
  }

  /// Everything accepted, in order of acceptance, for one subscriber; completes after [#close].
  Flux<List<QueuedEvent>> accepted() {
    return offers.asFlux();
  }

  void open() {
    open = true;
  }

  /// Takes nothing more, because what was taken no longer flows.
  void refuse() {
    open = false;
  }

  /// Takes nothing more; what was taken still flows. Waits a moment for whoever is handing over, so
  /// not for event loops.
  void close() {
    refuse();
    while (handingOver.get() > 0) {
      Thread.yield();
    }
    // Only the first end counts.
    var _ = offers.tryEmitComplete();
  }

  private Mono<Admission> offer(List<Event> events) {
    if (events.isEmpty()) {
      return Mono.just(new Admission.Durable());
    }
    var submission = new Submission(events.size());
    if (!enqueue(queued(events, submission))) {
      counters.refused(EnvironmentCounts.ofEvents(events));
      return Mono.just(new Admission.Refused(retryAfter()));
    }
    return submission
        .answer()
        .timeout(settings.durableWait(), Mono.fromSupplier(this::unknown), timer);
  }

  private static List<QueuedEvent> queued(List<Event> events, @Nullable Submission submission) {
    var queue = new ArrayList<QueuedEvent>(events.size());
    for (var event : events) {
      queue.add(QueuedEvent.of(event, submission));
    }
    return queue;
  }

  private boolean enqueue(List<QueuedEvent> queued) {
    long weight = queued.stream().mapToLong(QueuedEvent::weight).sum();
    handingOver.incrementAndGet();
    try {
      return open && counters.reserve(queued.size(), weight) && handOver(queued, weight);
    } finally {
      handingOver.decrementAndGet();
    }
  }

  private boolean handOver(List<QueuedEvent> queued, long weight) {
    return switch (offers.tryEmitNext(queued)) {
      case OK -> {
        counters.accepted(EnvironmentCounts.of(queued));
        yield true;
      }
      case FAIL_OVERFLOW,
          FAIL_CANCELLED,
          FAIL_TERMINATED,
          FAIL_ZERO_SUBSCRIBER,
          FAIL_NON_SERIALIZED -> {
        counters.withdraw(queued.size(), weight);
        yield false;
      }
    };
  }

  private Admission unknown() {
    return new Admission.Unknown(retryAfter());
  }

  private Duration retryAfter() {
    var least = settings.retryAfter();
    return least.plusMillis(random.nextLong(least.toMillis() + 1));
  }
}
