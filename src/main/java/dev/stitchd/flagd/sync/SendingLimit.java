package dev.stitchd.flagd.sync;

import io.grpc.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// How many bytes of sets are on their way to clients at the same time. gRPC copies a set for each
/// stream, outside of the heap, and a change sends it on all of them: without a limit it would all
/// be copied at once. Whoever comes when there is no room waits its turn. Safe from any thread.
@Component
final class SendingLimit {

  private final long most;
  private final Duration stalled;
  private final Scheduler thread;
  private final Scheduler timer;
  private final Set<Place> waiting = new LinkedHashSet<>();
  private long taken;

  SendingLimit(
      SyncSettings settings,
      @Qualifier("flagSets") Scheduler thread,
      @Qualifier("timer") Scheduler timer) {
    this.most = settings.inFlight().toBytes();
    this.stalled = settings.stalled();
    this.thread = thread;
    this.timer = timer;
  }

  /// A message of a stream, when there is room for it. Completes when another one is asked for,
  /// which is when the connection has taken this one.
  <T> Flux<T> streamed(T message, int bytes) {
    return Flux.using(
        () -> enter(bytes), place -> place.granted(untilTaken(message)), Place::leave);
  }

  /// The only message of a call, when there is room for it, which it takes up until the call ends.
  <T> Mono<T> answered(T message, int bytes, Context call) {
    return Mono.defer(() -> {
      var place = enter(bytes);
      call.addListener(_ -> place.leave(), Runnable::run);
      return place.granted(Flux.just(message)).next().doOnCancel(place::leave);
    });
  }

  private static <T> Flux<T> untilTaken(T message) {
    return Flux.generate(
        () -> false,
        (isSent, sink) -> {
          if (isSent) {
            sink.complete();
          } else {
            sink.next(message);
          }
          return true;
        });
  }

  private synchronized Place enter(int bytes) {
    var place = new Place(bytes);
    if (waiting.isEmpty() && isRoomFor(place)) {
      place.take();
    } else {
      waiting.add(place);
    }
    return place;
  }

  /// A set that is larger than all the room goes alone.
  private boolean isRoomFor(Place place) {
    return taken == 0 || taken + place.bytes <= most;
  }

  private void leave(Place place) {
    List<Place> granted;
    synchronized (this) {
      if (place.hasLeft) {
        return;
      }
      place.hasLeft = true;
      if (!waiting.remove(place)) {
        taken -= place.bytes;
      }
      granted = next();
    }
    place.forget();
    granted.forEach(Place::isNext);
  }

  private List<Place> next() {
    var granted = new ArrayList<Place>();
    for (Iterator<Place> places = waiting.iterator(); places.hasNext(); ) {
      var first = places.next();
      if (!isRoomFor(first)) {
        break;
      }
      places.remove();
      first.take();
      granted.add(first);
    }
    return granted;
  }

  /// Bytes on their way now.
  synchronized long taken() {
    return taken;
  }

  /// Room for one message, or a turn to wait for.
  private final class Place {

    private final int bytes;
    private final Sinks.Empty<Void> turn = Sinks.empty();
    private boolean isTaken;
    private boolean hasLeft;
    private @Nullable Disposable limit;

    private Place(int bytes) {
      this.bytes = bytes;
    }

    /// Under the lock.
    private void take() {
      isTaken = true;
      taken += bytes;
      limit = timer.schedule(this::leave, stalled.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Not on the thread of whoever left, which may be that of the one before in a long row.
    private <T> Flux<T> granted(Flux<T> messages) {
      synchronized (SendingLimit.this) {
        if (isTaken) {
          return messages;
        }
      }
      return turn.asMono().publishOn(thread).thenMany(messages);
    }

    private void isNext() {
      var _ = turn.tryEmitEmpty(); // whoever has gone meanwhile does not hear it
    }

    private void leave() {
      SendingLimit.this.leave(this);
    }

    private void forget() {
      synchronized (SendingLimit.this) {
        if (limit != null) {
          limit.dispose();
        }
      }
    }
  }
}
