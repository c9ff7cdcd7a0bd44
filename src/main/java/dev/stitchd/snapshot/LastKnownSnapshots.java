package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import reactor.core.publisher.Mono;

/// Snapshots that outlive the process, for a start while the store is out.
interface LastKnownSnapshots {

  /// Keeps nothing.
  LastKnownSnapshots NONE =
      new LastKnownSnapshots() {
        @Override
        public void keep(EpochSnapshot view) {}

        @Override
        public void forget(EnvironmentId environment) {}

        @Override
        public Mono<EpochSnapshot> last(EnvironmentId environment) {
          return Mono.empty();
        }

        @Override
        public Mono<HistoryPoint> point(EnvironmentId environment) {
          return Mono.empty();
        }
      };

  /// Keeps a snapshot that the store has just confirmed; returns at once.
  void keep(EpochSnapshot view);

  /// Lets go of an environment that is gone; returns at once.
  void forget(EnvironmentId environment);

  /// The last snapshot kept of an environment, marked as such; empty if there is none. Never fails.
  Mono<EpochSnapshot> last(EnvironmentId environment);

  /// Which revision [#last] is. Never fails.
  Mono<HistoryPoint> point(EnvironmentId environment);
}
