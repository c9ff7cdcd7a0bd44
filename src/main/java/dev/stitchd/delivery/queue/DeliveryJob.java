package dev.stitchd.delivery.queue;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// Runs the way from the queue to the sink. Stops after the web server has, so that the last
/// requests' events are still taken; then takes nothing more and delivers what is held for at most
/// `stitchd.events.drain`.
final class DeliveryJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(DeliveryJob.class);

  /// Offers that are read ahead; each is bounded by the account already.
  private static final int OFFERS_AHEAD = 16;

  private final SinkEventQueue queue;
  private final BatchWriter writer;
  private final EventCounters counters;
  private final DeliverySettings settings;
  private final Scheduler delivery;
  private final Supplier<String> tokens;
  private final Sinks.Empty<Void> ended = Sinks.empty();

  DeliveryJob(
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
  public String name() {
    return "event delivery";
  }

  @Override
  public String withoutIt() {
    return "events are refused";
  }

  @Override
  public StartOrder order() {
    return StartOrder.DELIVERY;
  }

  @Override
  public void prepare() {
    queue.open();
  }

  /// Cannot be subscribed to again: whatever breaks it has the queue refuse everything.
  @Override
  public Mono<Void> work() {
    return deliveries().doOnError(this::broken).onErrorComplete().doFinally(_ -> end()).then();
  }

  @Override
  public Mono<Void> drain() {
    return Mono.defer(() -> {
      queue.close();
      return ended.asMono().timeout(settings.drain(), Mono.empty(), delivery);
    });
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(this::tellWhatIsLeft);
  }

  private void end() {
    // Only the first end counts; the stop may be waiting for it.
    var _ = ended.tryEmitEmpty();
  }

  private void broken(Throwable cause) {
    queue.refuse();
    LOG.error(
        "Event delivery: it has ended by a defect; new events are refused, {} in memory are not stored and not acknowledged: restart this node",
        counters.inFlight(),
        cause);
  }

  private void tellWhatIsLeft() {
    if (counters.inFlight() > 0) {
      LOG.warn(
          "Event delivery: stopped with {} events that are not known to be stored; none was acknowledged, so their senders send them again",
          counters.inFlight());
    }
  }
}
