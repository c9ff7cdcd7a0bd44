package dev.stitchd.delivery;

import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Carries shipments to the sink, or to the spool while the sink is out, until each of their events
/// is settled: stored, spooled, or dead.
final class Courier {

  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);

  private enum Place {
    SINK,
    SPOOL
  }

  private final EventSink sink;
  private final Inserts inserts;
  private final Spool spool;
  private final Cemetery cemetery;
  private final Account account;
  private final DeliverySettings settings;
  private final Scheduler delivery;

  Courier(
      EventSink sink,
      Inserts inserts,
      Spool spool,
      Cemetery cemetery,
      Account account,
      DeliverySettings settings,
      Scheduler delivery) {
    this.sink = sink;
    this.inserts = inserts;
    this.spool = spool;
    this.cemetery = cemetery;
    this.account = account;
    this.settings = settings;
    this.delivery = delivery;
  }

  /// Completes when every event of the shipment is settled, on `delivery`; never fails. While
  /// neither sink nor spool takes it, tries again for as long as it is subscribed to, each time
  /// with the same token and rows.
  Mono<Void> deliver(Shipment shipment) {
    return place(shipment.batch())
        .publishOn(delivery)
        .doOnNext(place -> settle(shipment, place))
        .then()
        .onErrorResume(EventSink.Refused.class, refusal -> isolate(shipment, refusal));
  }

  private Mono<Place> place(Batch batch) {
    return Mono.defer(() -> spool.isFirstChoice() ? spoolElseSink(batch) : sinkElseSpool(batch))
        .retryWhen(whileUnavailable(batch));
  }

  /// An insert that takes long is not waited for while there is a spool: its outcome is unknown,
  /// and the spool writes it again under its token. If the spool does not take it, the sink gets
  /// all the time it wants.
  private Mono<Place> sinkElseSpool(Batch batch) {
    return inserts
        .attempt(batch)
        .timeout(settings.spoolAfter(), delivery)
        .thenReturn(Place.SINK)
        .onErrorResume(TimeoutException.class, _ -> spoolElseSink(batch))
        .onErrorResume(
            Inserts::mayHeal, failure -> spill(batch).switchIfEmpty(Mono.error(failure)));
  }

  private Mono<Place> spoolElseSink(Batch batch) {
    return spill(batch)
        .switchIfEmpty(Mono.defer(() -> inserts.attempt(batch).thenReturn(Place.SINK)));
  }

  private Mono<Place> spill(Batch batch) {
    return Mono.defer(() -> spool.take(sink.encode(batch)))
        .filter(taken -> taken)
        .map(_ -> Place.SPOOL);
  }

  private Retry whileUnavailable(Batch batch) {
    return Retry.backoff(Long.MAX_VALUE, settings.retryMin())
        .maxBackoff(settings.retryMax())
        .scheduler(delivery)
        .filter(Inserts::mayHeal)
        .doBeforeRetry(signal -> logRetry(batch, signal));
  }

  private static void logRetry(Batch batch, Retry.RetrySignal signal) {
    // The first attempts of an outage and then one line in a while: an outage is one event.
    if (signal.totalRetries() == 0 || signal.totalRetries() % 20 == 0) {
      LOG.warn(
          "Batch {} ({} events) is neither stored nor spooled yet, attempt {}: {}",
          batch.token(),
          batch.rows().size(),
          signal.totalRetries() + 1,
          Reason.of(signal.failure()));
    }
  }

  private Mono<Void> isolate(Shipment shipment, EventSink.Refused refusal) {
    if (shipment.single()) {
      return bury(shipment, refusal);
    }
    return Flux.fromIterable(shipment.halves()).concatMap(this::deliver).then();
  }

  private void settle(Shipment shipment, Place place) {
    var census = Census.of(shipment.held());
    switch (place) {
      case SINK -> account.stored(census, shipment.weight());
      case SPOOL -> account.spooled(census, shipment.weight());
    }
    tell(shipment.held(), Ticket::durable);
  }

  private Mono<Void> bury(Shipment shipment, EventSink.Refused refusal) {
    var reason = Reason.of(refusal);
    return Mono.defer(() -> cemetery.bury(sink.encode(shipment.batch()), reason))
        .publishOn(delivery)
        .doOnNext(_ -> buried(shipment, reason))
        .then();
  }

  private void buried(Shipment shipment, String reason) {
    var id = shipment.held().getFirst().event().id();
    account.dead(Census.of(shipment.held()), shipment.weight());
    tell(shipment.held(), ticket -> ticket.dead(id, reason));
  }

  private static void tell(List<Held> held, Consumer<Ticket> news) {
    for (var one : held) {
      if (one.ticket() != null) {
        news.accept(one.ticket());
      }
    }
  }
}
