package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.LogFollower;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// The environments in memory, by id.
final class LoadedSnapshots implements Snapshots, LogFollower {

  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Reading reading;
  private final SnapshotSettings settings;
  private final Scheduler timer;
  private final ConcurrentMap<EnvironmentId, LoadedEnvironment> environments =
      new ConcurrentHashMap<>();

  LoadedSnapshots(Reading reading, SnapshotSettings settings, Scheduler timer) {
    this.reading = reading;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public Mono<Snapshot> current(EnvironmentId environment) {
    return Mono.defer(() -> holding(environment).current());
  }

  @Override
  public @Nullable Snapshot held(EnvironmentId environment) {
    var held = environments.get(environment);
    var view = held == null ? null : held.view();
    if (held == null || view == null) {
      return null;
    }
    held.use(now());
    return view.snapshot();
  }

  @Override
  public Mono<Reached> reach(EnvironmentId environment, Cursor told) {
    return Mono.defer(() -> holding(environment).reach(told))
        .timeout(settings.catchUp(), tooLate(environment, told), timer);
  }

  private Mono<Reached> tooLate(EnvironmentId environment, Cursor told) {
    return current(environment)
        .map(snapshot -> Reached.of(snapshot, told, Reached.Place.UNCONFIRMED));
  }

  @Override
  public Mono<Reached> settled(EnvironmentId environment, Cursor told) {
    return Mono.defer(() -> {
      var found = environments.get(environment);
      return found == null ? Mono.empty() : found.settled(told);
    });
  }

  @Override
  public Mono<OlderRemovals> olderRemovals(EnvironmentId environment) {
    return Mono.defer(() -> holding(environment).olderRemovals())
        .timeout(settings.catchUp(), Mono.empty(), timer)
        .onErrorComplete();
  }

  @Override
  public Flux<Snapshot> updates(EnvironmentId environment) {
    return Flux.defer(() -> updates(subscribed(environment)));
  }

  /// Never fails: a store that does not say whether there is the environment is asked again.
  @Override
  public Mono<Void> deleted(EnvironmentId environment) {
    return Snapshots.super
        .deleted(environment)
        .retryWhen(Retry.fixedDelay(Long.MAX_VALUE, RETRY).scheduler(timer));
  }

  @Override
  public Mono<Void> caughtUp(Announcement committed) {
    return Mono.defer(() ->
        switch (committed) {
          case Announcement.At at -> {
            var found = environments.get(at.environment());
            yield found == null ? Mono.empty() : found.caughtUpWithStore();
          }
          case Announcement.Removed(var environment) -> {
            gone(environment);
            var found = environments.get(environment);
            yield found == null ? Mono.empty() : remove(found).onErrorComplete();
          }
          case Announcement.Resync _ -> Mono.empty();
        });
  }

  /// Everything held.
  Collection<LoadedEnvironment> all() {
    return environments.values();
  }

  @Nullable LoadedEnvironment find(EnvironmentId environment) {
    return environments.get(environment);
  }

  /// Lets go of what is kept of a deleted environment.
  void gone(EnvironmentId environment) {
    reading.gone(environment);
  }

  /// Forgets a deleted environment and tells its subscribers.
  Mono<Void> remove(LoadedEnvironment held) {
    return Mono.fromRunnable(() -> drop(held)).then(held.end());
  }

  /// Releases what nobody has used for a while.
  void releaseIdle() {
    long before = now() - settings.idle().toMillis();
    for (var held : environments.values()) {
      if (held.lastUsed() < before) {
        var _ = release(held);
      }
    }
  }

  private Flux<Snapshot> updates(LoadedEnvironment held) {
    return held.updates().doFinally(_ -> held.unsubscribe(now()));
  }

  private LoadedEnvironment subscribed(EnvironmentId environment) {
    var held = holding(environment);
    while (!held.subscribe(now())) {
      environments.remove(environment, held);
      held = holding(environment);
    }
    return held;
  }

  private LoadedEnvironment holding(EnvironmentId environment) {
    var held = environments.get(environment);
    if (held == null) {
      makeRoom();
      held =
          environments.computeIfAbsent(
              environment, id -> new LoadedEnvironment(id, reading, this::drop));
    }
    held.use(now());
    return held;
  }

  private void makeRoom() {
    if (environments.size() < settings.environments()) {
      return;
    }
    var released =
        environments.values().stream()
            .sorted(Comparator.comparingLong(LoadedEnvironment::lastUsed))
            .anyMatch(this::release);
    if (!released) {
      throw new Problem.Unavailable("this node holds as many environments as it may", RETRY);
    }
  }

  private boolean release(LoadedEnvironment held) {
    return held.release() && environments.remove(held.environment(), held);
  }

  private void drop(LoadedEnvironment held) {
    environments.remove(held.environment(), held);
  }

  private long now() {
    return timer.now(TimeUnit.MILLISECONDS);
  }
}
