package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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

  /// How long this server's own events wait for others: waking the delivery's thread for each would
  /// cost more than the event.
  static final Duration OWN_WAIT = Duration.ofMillis(10);

  /// This server's own events until they are handed over together; [EventCounters] bounds them too.
  private final Queue<QueuedEvent> own = Queues.<QueuedEvent>unboundedMultiproducer().get();

  /// Whether somebody will hand over what is in `own`.
  private final AtomicBoolean ownAwaited = new AtomicBoolean();

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
    var queued = QueuedEvent.of(event, null);
    handingOver.incrementAndGet();
    try {
      if (open && counters.reserve(1, queued.weight())) {
        counters.accepted(event.environment());
        own.add(queued);
        awaitOwn();
      } else {
        counters.dropped(event.environment());
      }
    } finally {
      handingOver.decrementAndGet();
    }
  }

  private void awaitOwn() {
    if (!ownAwaited.get() && ownAwaited.compareAndSet(false, true)) {
      var _ = timer.schedule(this::handOverOwn, OWN_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /// One at a time: also the end of the sink comes before or after it.
  private synchronized void handOverOwn() {
    ownAwaited.set(false);
    var together = new ArrayList<QueuedEvent>();
    for (var one = own.poll(); one != null; one = own.poll()) {
      together.add(one);
    }
    if (!together.isEmpty()) {
      // if nobody takes any more, they stay in flight like everything else in the queue
      var _ = offers.tryEmitNext(together);
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
    end();
  }

  private synchronized void end() {
    handOverOwn();
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
    long weight = QueuedEvent.weight(queued);
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
