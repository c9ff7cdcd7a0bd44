package dev.stitchd.delivery;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Carries shipments to the sink until each of their events is settled: stored, or dead.
final class Courier {

  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);

  /// As much of a reason as the log and a submitter get.
  private static final int REASON_LENGTH = 300;

  private final EventSink sink;
  private final Spool spool;
  private final Account account;
  private final DeliverySettings settings;
  private final Scheduler delivery;
  private final MeterRegistry meters;
  private final Timer stored;
  private final Timer unavailable;
  private final Timer refused;
  private final DistributionSummary rows;

  Courier(
      EventSink sink,
      Spool spool,
      Account account,
      DeliverySettings settings,
      Scheduler delivery,
      MeterRegistry meters) {
    this.sink = sink;
    this.spool = spool;
    this.account = account;
    this.settings = settings;
    this.delivery = delivery;
    this.meters = meters;
    stored = timer("stored");
    unavailable = timer("unavailable");
    refused = timer("refused");
    rows =
        DistributionSummary.builder("stitchd.events.insert.rows")
            .description("Events per stored batch")
            .register(meters);
  }

  private Timer timer(String outcome) {
    return Timer.builder("stitchd.events.insert")
        .description("Attempts to store a batch")
        .tag("outcome", outcome)
        .register(meters);
  }

  /// Completes when every event of the shipment is settled, on `delivery`; never fails. While the
  /// sink is out it tries again for as long as it is subscribed to, each time with the same token
  /// and rows.
  Mono<Void> deliver(Shipment shipment) {
    return write(shipment.batch())
        .publishOn(delivery)
        .doOnSuccess(_ -> settle(shipment))
        .onErrorResume(EventSink.Refused.class, refusal -> isolate(shipment, refusal));
  }

  private Mono<Void> write(Batch batch) {
    return attempt(batch)
        .onErrorResume(Courier::mayHeal, failure -> spill(batch, failure))
        .retryWhen(whileUnavailable(batch));
  }

  private Mono<Void> attempt(Batch batch) {
    return Mono.defer(() -> {
      var sample = Timer.start(meters);
      return sink.write(batch)
          .doOnSuccess(_ -> sample.stop(stored))
          .doOnError(e -> sample.stop(mayHeal(e) ? unavailable : refused));
    });
  }

  /// Everything but a definite refusal: an outcome nobody understands must be retried too.
  private static boolean mayHeal(Throwable failure) {
    return !(failure instanceof EventSink.Refused);
  }

  private Mono<Void> spill(Batch batch, Throwable failure) {
    return spool.take(batch).flatMap(taken -> taken ? Mono.empty() : Mono.error(failure));
  }

  private Retry whileUnavailable(Batch batch) {
    return Retry.backoff(Long.MAX_VALUE, settings.retryMin())
        .maxBackoff(settings.retryMax())
        .scheduler(delivery)
        .filter(Courier::mayHeal)
        .doBeforeRetry(signal -> logRetry(batch, signal));
  }

  private static void logRetry(Batch batch, Retry.RetrySignal signal) {
    // The first attempts of an outage and then one line in a while: an outage is one event.
    if (signal.totalRetries() == 0 || signal.totalRetries() % 20 == 0) {
      LOG.warn(
          "Batch {} ({} events) is not stored yet, attempt {}: {}",
          batch.token(),
          batch.rows().size(),
          signal.totalRetries() + 1,
          reasonOf(signal.failure()));
    }
  }

  private Mono<Void> isolate(Shipment shipment, EventSink.Refused refusal) {
    if (shipment.single()) {
      bury(shipment.held().getFirst(), refusal);
      return Mono.empty();
    }
    return Flux.fromIterable(shipment.halves()).concatMap(this::deliver).then();
  }

  private void settle(Shipment shipment) {
    rows.record(shipment.held().size());
    account.stored(shipment.held().size(), shipment.weight());
    for (var held : shipment.held()) {
      if (held.ticket() != null) {
        held.ticket().stored();
      }
    }
  }

  private void bury(Held held, EventSink.Refused refusal) {
    var event = held.event();
    var reason = reasonOf(refusal);
    LOG.error(
        "Dead event {} of environment {} ({}, at {}): {}",
        event.id(),
        event.environment(),
        EventKind.of(event),
        event.at(),
        reason);
    account.dead(held.weight());
    if (held.ticket() != null) {
      held.ticket().dead(event.id(), reason);
    }
  }

  private static String reasonOf(Throwable failure) {
    var reason = failure instanceof EventSink.Failure known ? known.reason() : failure.toString();
    return reason.length() <= REASON_LENGTH ? reason : reason.substring(0, REASON_LENGTH) + "…";
  }
}
