package dev.stitchd.ofrep;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.stream.StreamContent;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.scheduler.Scheduler;

/// What event streams say: that something a client can see has changed.
@Component
final class RefetchMessages {

  /// All who see the same of an environment.
  private record Viewers(EnvironmentId environment, SdkCaller.Kind kind) {}

  /// In no history, so that everything is news to whoever is there.
  private static final Cursor LOST = new Cursor("", 0);

  private final OfrepSettings settings;
  private final RandomGenerator chance;
  private final Scheduler timer;
  private final Cache<Viewers, VisibleStateTracker> trackers;

  RefetchMessages(
      OfrepSettings settings, RandomGenerator chance, @Qualifier("timer") Scheduler timer) {
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
  /// moment by chance. Changes that come before that moment become one.
  ///
  /// @param resume where the client says it is; null for nowhere
  StreamContent to(SdkCaller caller, @Nullable Cursor resume) {
    return new EventStreamClient(tracker(caller), resume, this);
  }

  /// The same for a client at a place that was lost: it evaluates anew.
  StreamContent toLost(SdkCaller caller) {
    return new EventStreamClient(tracker(caller), LOST, this);
  }

  /// How recent a change is that whoever begins without a place may not have seen.
  Duration recent() {
    return settings.recent();
  }

  /// How old a stream may grow, by chance, so that streams that began together do not end together.
  Duration age() {
    var least = settings.streamAge();
    return least.plusMillis(chance.nextLong(least.toMillis() / 4));
  }

  /// When one of so many clients is told.
  Duration turn(int listeners) {
    long width = settings.spreadOver(listeners).toMillis();
    return Duration.ofMillis(chance.nextLong(width + 1));
  }

  private VisibleStateTracker tracker(SdkCaller caller) {
    return trackers.get(
        new Viewers(caller.environment(), caller.kind()),
        viewers -> new VisibleStateTracker(viewers.kind(), timer));
  }
}
