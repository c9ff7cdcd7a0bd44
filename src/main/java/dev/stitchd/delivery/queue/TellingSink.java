package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.LateEvents;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/// A sink that tells of what comes late.
final class TellingSink implements EventSink {

  private final EventSink sink;
  private final LateEvents lateEvents;
  private final Duration late;
  private final Clock clock;

  /// @param late how long after it was received an event is late
  TellingSink(EventSink sink, LateEvents lateEvents, Duration late, Clock clock) {
    this.sink = sink;
    this.lateEvents = lateEvents;
    this.late = late;
    this.clock = clock;
  }

  @Override
  public EncodedBatch encode(String token, EventKind kind, List<Event> events) {
    return sink.encode(token, kind, events);
  }

  /// Late or not by the time when it is stored.
  @Override
  public Mono<Void> write(EncodedBatch batch) {
    return sink.write(batch).then(Mono.defer(() -> tell(batch)));
  }

  private Mono<Void> tell(EncodedBatch batch) {
    var since = batch.receivedSince();
    return since.plus(late).isAfter(clock.instant())
        ? Mono.empty()
        : lateEvents.stored(batch.environments(), since).onErrorMap(Untold::new);
  }
}
