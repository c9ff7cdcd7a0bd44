package dev.stitchd.flagd.evaluation;

import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import dev.stitchd.grpc.CallAccess;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.MessageStreams;
import dev.stitchd.stream.StreamContent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;

/// WrittenEvent streams: that the server is ready, then which flags have changed, and now and then
/// that the stream lives. A client that takes nothing is told of the newest state when it does.
@Component
final class Events {

  private static final WrittenEvent READY =
      WrittenEvent.of(EventStreamResponse.newBuilder().setType("provider_ready").build());
  private static final WrittenEvent ALIVE =
      WrittenEvent.of(EventStreamResponse.newBuilder().setType("keep_alive").build());

  private final CallAccess access;
  private final Snapshots snapshots;
  private final MessageStreams streams;
  private final Duration keepAlive;
  private final Scheduler timer;

  Events(
      CallAccess access,
      Snapshots snapshots,
      MessageStreams streams,
      EvaluationSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.access = access;
    this.snapshots = snapshots;
    this.streams = streams;
    this.keepAlive = settings.keepAlive();
    this.timer = timer;
  }

  /// The stream of whoever makes the call that is being served by this thread. Never completes;
  /// fails as [MessageStreams] say, and if the caller may not ask.
  Flux<WrittenEvent> stream() {
    return access
        .client(SdkRoute.Callers.ALL_KEYS)
        .flatMapMany(client ->
            streams.served(client.caller(), StreamContent.Kind.FLAGD_EVENTS, messages(client)));
  }

  /// Completes when the environment is deleted.
  private Flux<WrittenEvent> messages(Client client) {
    var alive = Flux.interval(keepAlive, timer).onBackpressureDrop().map(_ -> ALIVE);
    return Flux.defer(() -> {
      var place = new Place(client);
      var changes = snapshots.updates(client.caller().environment()).handle(place::advance);
      // one at a time from each, so that a slow client skips what has been overtaken
      return Flux.merge(1, changes.materialize(), alive.materialize())
          .<WrittenEvent>dematerialize();
    });
  }

  /// Where a client is. Confined to its stream.
  private static final class Place {

    private final Client client;
    private @Nullable Snapshot at;

    private Place(Client client) {
      this.client = client;
    }

    private void advance(Snapshot newest, SynchronousSink<WrittenEvent> next) {
      var from = at;
      at = newest;
      if (from == null) {
        next.next(READY);
        return;
      }
      var changes = FlagChanges.between(from, newest, client.caller().kind());
      if (changes != null) {
        next.next(changes);
      }
    }
  }
}
