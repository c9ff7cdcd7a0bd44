package dev.stitchd.delivery;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// Runs the way from the queue to the sink. Stops after the web server has, so that the last
/// requests' events are still taken; then takes nothing more and delivers what is held for at most
/// `stitchd.events.drain`.
final class DeliveryLifecycle implements SmartLifecycle {

  /// Below the phases of the web server's graceful shutdown and of its stop.
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 4096;

  private static final Logger LOG = LoggerFactory.getLogger(DeliveryLifecycle.class);

  /// Offers that are read ahead; each is bounded by the account already.
  private static final int OFFERS_AHEAD = 16;

  private final SinkEventQueue queue;
  private final BatchWriter writer;
  private final EventCounters counters;
  private final DeliverySettings settings;
  private final Scheduler delivery;
  private final Supplier<String> tokens;
  private final Sinks.Empty<Void> ended = Sinks.empty();
  private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();

  DeliveryLifecycle(
      SinkEventQueue queue,
      BatchWriter writer,
      EventCounters counters,
      DeliverySettings settings,
      Scheduler delivery,
      Supplier<String> tokens) {
    this.queue = queue;
    this.writer = writer;
    this.counters = counters;
    this.settings = settings;
    this.delivery = delivery;
    this.tokens = tokens;
  }

  /// All events from the queue to the sink. Everything runs on `delivery`, the waiting for a batch
  /// to fill as well. Completes when the queue is closed and empty.
  private Flux<Void> deliveries() {
    return queue
        .accepted()
        .publishOn(delivery, OFFERS_AHEAD)
        .flatMapIterable(offer -> offer, OFFERS_AHEAD)
        .bufferTimeout(settings.batchRows(), settings.batchWait(), delivery, true)
        .concatMapIterable(this::packed, 1)
        .flatMap(writer::deliver, settings.insertsInFlight(), 1);
  }

  private List<EventBatch> packed(List<QueuedEvent> collected) {
    return EventBatch.pack(collected, settings.batchBytes().toBytes(), tokens);
  }

  @Override
  public void start() {
    queue.open();
    running.set(deliveries().doFinally(_ -> end()).subscribe(_ -> {}, this::broken));
  }

  private void end() {
    // Only the first end counts; the stop may be waiting for it.
    var _ = ended.tryEmitEmpty();
  }

  private void broken(Throwable cause) {
    queue.refuse();
    LOG.error("Events are no longer delivered: {} held", counters.inFlight(), cause);
  }

  @Override
  public void stop(Runnable callback) {
    queue.close();
    var waiting =
        ended
            .asMono()
            .timeout(settings.drain(), Mono.empty(), delivery)
            .doFinally(_ -> stopped(callback))
            .subscribe();
    LOG.debug("Draining events, {} held: {}", counters.inFlight(), waiting);
  }

  private void stopped(Runnable callback) {
    var pipeline = running.getAndSet(null);
    if (pipeline != null) {
      pipeline.dispose();
    }
    if (counters.inFlight() > 0) {
      LOG.warn(
          "Stopped with {} events that are not known to be stored; none of them was acknowledged",
          counters.inFlight());
    }
    callback.run();
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return running.get() != null;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
