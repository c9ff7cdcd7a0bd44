package dev.stitchd.ofrep;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.SideStreams.Message;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// What event streams say: that something a client can see has changed.
@Component
final class RefetchMessages {

  private record Place(EnvironmentId environment, SdkCaller.Kind kind) {}

  private final Snapshots snapshots;
  private final OfrepSettings settings;
  private final RandomGenerator chance;
  private final Scheduler timer;
  private final Cache<Place, VisibleStateTracker> trackers;

  RefetchMessages(
      Snapshots snapshots,
      OfrepSettings settings,
      RandomGenerator chance,
      @Qualifier("timer") Scheduler timer) {
    this.snapshots = snapshots;
    this.settings = settings;
    this.chance = chance;
    this.timer = timer;
    this.trackers =
        Caffeine.newBuilder()
            .maximumSize(settings.watched())
            .expireAfterAccess(settings.watchedIdle())
            .executor(Runnable::run)
            .build();
  }

  /// What one client is told: where it is, then whenever it should evaluate anew, each time after a
  /// moment by chance. Changes that come before a message is asked for become one. Ends when the
  /// environment is deleted; fails only before the first element, as [Snapshots#updates] does.
  ///
  /// @param resume where the client says it is; null for nowhere
  Flux<Message> to(SdkCaller caller, @Nullable Cursor resume) {
    return Flux.using(
        () -> tracker(caller).enter(),
        tracker -> said(caller, tracker, new EventStreamClient(tracker, resume, settings.recent())),
        VisibleStateTracker::leave);
  }

  private Flux<Message> said(
      SdkCaller caller, VisibleStateTracker tracker, EventStreamClient client) {
    return snapshots
        .updates(caller.environment())
        .map(tracker::look)
        .concatMap(state -> said(caller, tracker, client, state), 0);
  }

  private Mono<Message> said(
      SdkCaller caller, VisibleStateTracker tracker, EventStreamClient client, VisibleState state) {
    return switch (client.meaning(state)) {
      case NOTHING -> Mono.empty();
      case CURRENT -> Mono.fromSupplier(() -> client.current(state));
      case REFETCH ->
          Mono.delay(turn(tracker), timer)
              .then(Mono.defer(() -> snapshots.current(caller.environment())))
              .map(newest -> client.refetch(tracker.look(newest)));
    };
  }

  private Duration turn(VisibleStateTracker tracker) {
    long width = settings.spreadOver(tracker.listeners()).toMillis();
    return Duration.ofMillis(chance.nextLong(width + 1));
  }

  private VisibleStateTracker tracker(SdkCaller caller) {
    return trackers.get(
        new Place(caller.environment(), caller.kind()),
        place -> new VisibleStateTracker(place.kind(), timer));
  }
}
