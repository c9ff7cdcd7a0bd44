package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.EventSink;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import reactor.core.publisher.Mono;

/// The sink, measured.
public final class MeasuredSink {

  private final EventSink sink;
  private final MeterRegistry meters;
  private final Timer stored;
  private final Timer unavailable;
  private final Timer refused;
  private final DistributionSummary rows;

  public MeasuredSink(EventSink sink, MeterRegistry meters) {
    this.sink = sink;
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

  /// One attempt; completes and fails as [EventSink#write] does.
  public Mono<Void> attempt(EncodedBatch batch) {
    return measured(sink.write(batch), batch.rows());
  }

  private Mono<Void> measured(Mono<Void> write, int size) {
    return Mono.defer(() -> {
      var sample = Timer.start(meters);
      return write
          .doOnSuccess(_ -> {
            sample.stop(stored);
            rows.record(size);
          })
          .doOnError(e -> sample.stop(mayHeal(e) ? unavailable : refused))
          .doOnCancel(() -> sample.stop(unavailable)); // took longer than anybody waited
    });
  }

  /// Everything but a definite refusal: an outcome nobody understands must be retried too.
  public static boolean mayHeal(Throwable failure) {
    return !(failure instanceof EventSink.Refused);
  }
}
