package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The current state of each environment, held in memory.
public interface Snapshots {

  /// The newest snapshot known here, loaded on first use. Fails with
  /// [dev.stitchd.kernel.Problem.Unavailable] if it was never loaded and the store cannot be read,
  /// with [dev.stitchd.kernel.Problem.NotFound] if there is no such environment. Never waits for
  /// the store once loaded: while PostgreSQL is out, this is the last known state.
  Mono<Snapshot> current(EnvironmentId environment);

  /// What [#current] would answer at once; null if it would have to load. Never waits.
  default @Nullable Snapshot held(EnvironmentId environment) {
    return null;
  }

  /// As [#current], but if what is held is older than a place that its history is said to have
  /// reached, the store is read once, for all who ask meanwhile, and the answer waits for it; at
  /// most `STITCHD_SNAPSHOT_CATCH_UP`. A read that fails ends the wait.
  ///
  /// @param told a place in its history; one of another history says nothing
  Mono<Reached> reach(EnvironmentId environment, Cursor told);

  /// For a place of which [#reach] could not tell: waits until the place is held or the primary has
  /// answered without it, however long that takes. Reads nothing by itself; empty if the
  /// environment is not in memory.
  Mono<Reached> settled(EnvironmentId environment, Cursor told);

  /// For a place of which [#reach] could not tell: completes when the primary has answered without
  /// it, and never if it is held before that.
  default Mono<Void> refuted(EnvironmentId environment, Cursor told) {
    return settled(environment, told)
        .filter(reached -> reached.place() == Reached.Place.NONEXISTENT)
        .switchIfEmpty(Mono.never())
        .then();
  }

  /// What was removed before what the newest snapshot remembers, as far as the log knows; read from
  /// the store at most once for all who ask, until it is forgotten what was removed since then.
  /// Empty if the store does not say so within `STITCHD_SNAPSHOT_CATCH_UP`, and at once for
  /// `STITCHD_SNAPSHOT_OLDER_REMOVALS_PAUSE` after that failed; never fails.
  default Mono<OlderRemovals> olderRemovals(EnvironmentId environment) {
    return Mono.empty();
  }

  /// The newest snapshot at once, then each newer one; a subscriber that is slower than the changes
  /// skips to the newest. Completes when the environment is deleted; fails as [#current] does
  /// before the first element and never after it.
  Flux<Snapshot> updates(EnvironmentId environment);

  /// Completes when the environment is deleted, at once if there is none.
  default Mono<Void> deleted(EnvironmentId environment) {
    return updates(environment).then().onErrorComplete(Problem.NotFound.class);
  }
}
