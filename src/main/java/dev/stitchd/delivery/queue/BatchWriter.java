package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.EventSink;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Writes batches to the sink, or to the spool while the sink is out, until each of their events is
/// settled: stored, spooled, or dead.
final class BatchWriter {

  private static final Logger LOG = LoggerFactory.getLogger(BatchWriter.class);

  private enum Place {
    SINK,
    SPOOL
  }

  private final EventSink sink;
  private final MeasuredSink inserts;
  private final Spool spool;
  private final DeadLetterStore deadLetters;
  private final EventCounters counters;
  private final DeliverySettings settings;
  private final Scheduler delivery;

  BatchWriter(
      EventSink sink,
      MeasuredSink inserts,
      Spool spool,
      DeadLetterStore deadLetters,
      EventCounters counters,
      DeliverySettings settings,
      Scheduler delivery) {
    this.sink = sink;
    this.inserts = inserts;
    this.spool = spool;
    this.deadLetters = deadLetters;
    this.counters = counters;
    this.settings = settings;
    this.delivery = delivery;
  }

  /// Completes when every event of the batch is settled, on `delivery`; never fails. While neither
  /// sink nor spool takes it, tries again for as long as it is subscribed to, each time with the
  /// same token and rows.
  Mono<Void> deliver(EventBatch batch) {
    return Flux.defer(() ->
            batch
                .encoded(sink)
                .settle(part -> store(batch, part), (row, refusal) -> bury(batch, row, refusal)))
        .then();
  }

  private Mono<Place> store(EventBatch batch, EncodedBatch.Part part) {
    return place(part.batch())
        .publishOn(delivery)
        .doOnNext(place -> settled(part.of(batch.events()), place));
  }

  private Mono<Place> place(EncodedBatch batch) {
    return Mono.defer(() -> spool.isFirstChoice() ? spoolElseSink(batch) : sinkElseSpool(batch))
        .retryWhen(whileUnavailable(batch));
  }

  /// An insert that takes long is not waited for while there is a spool: its outcome is unknown,
  /// and the spool writes it again under its token. If the spool does not take it, the sink gets
  /// all the time it wants.
  private Mono<Place> sinkElseSpool(EncodedBatch batch) {
    return inserts
        .attempt(batch)
        .timeout(settings.spoolAfter(), delivery)
        .thenReturn(Place.SINK)
        .onErrorResume(TimeoutException.class, _ -> spoolElseSink(batch))
        .onErrorResume(
            MeasuredSink::mayHeal, failure -> spill(batch).switchIfEmpty(Mono.error(failure)));
  }

  private Mono<Place> spoolElseSink(EncodedBatch batch) {
    return spill(batch)
        .switchIfEmpty(Mono.defer(() -> inserts.attempt(batch).thenReturn(Place.SINK)));
  }

  private Mono<Place> spill(EncodedBatch batch) {
    return spool.take(batch).filter(taken -> taken).map(_ -> Place.SPOOL);
  }

  private Retry whileUnavailable(EncodedBatch batch) {
    return Retry.backoff(Long.MAX_VALUE, settings.retryMin())
        .maxBackoff(settings.retryMax())
        .scheduler(delivery)
        .filter(MeasuredSink::mayHeal)
        .doBeforeRetry(signal -> logRetry(batch, signal));
  }

  private static void logRetry(EncodedBatch batch, Retry.RetrySignal signal) {
    // The first attempts of an outage and then one line in a while: an outage is one event.
    if (signal.totalRetries() == 0 || signal.totalRetries() % 20 == 0) {
      LOG.warn(
          "Event delivery: batch {} ({} events) could be written neither to ClickHouse nor to the spool (attempt {}: {}); it waits in memory, its senders get no acknowledgement, and it is tried again",
          batch.token(),
          batch.rows(),
          signal.totalRetries() + 1,
          EventSink.Failure.reason(signal.failure()));
    }
  }

  private void settled(List<QueuedEvent> events, Place place) {
    var counts = EnvironmentCounts.of(events);
    switch (place) {
      case SINK -> counters.stored(counts, QueuedEvent.weight(events));
      case SPOOL -> counters.spooled(counts, QueuedEvent.weight(events));
    }
    tell(events, Submission::durable);
  }

  private Mono<Place> bury(EventBatch batch, EncodedBatch.Part row, EventSink.Refused refusal) {
    return deadLetters
        .bury(row.batch(), refusal.reason())
        .publishOn(delivery)
        .doOnNext(_ -> dead(row.of(batch.events()), refusal.reason()))
        .then(Mono.empty());
  }

  private void dead(List<QueuedEvent> events, String reason) {
    var id = events.getFirst().event().id();
    counters.dead(EnvironmentCounts.of(events), QueuedEvent.weight(events));
    tell(events, submission -> submission.dead(id, reason));
  }

  private static void tell(List<QueuedEvent> events, Consumer<Submission> news) {
    for (var one : events) {
      if (one.submission() != null) {
        news.accept(one.submission());
      }
    }
  }
}
