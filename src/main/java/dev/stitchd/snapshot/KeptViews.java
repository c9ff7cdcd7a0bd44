package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import reactor.core.publisher.Mono;

/// Views that outlive the process, for a start while the store is out.
interface KeptViews {

  /// Keeps nothing.
  KeptViews NONE =
      new KeptViews() {
        @Override
        public void keep(View view) {}

        @Override
        public void forget(EnvironmentId environment) {}

        @Override
        public Mono<View> last(EnvironmentId environment) {
          return Mono.empty();
        }
      };

  /// Keeps a view that the store has just confirmed; returns at once.
  void keep(View view);

  /// Lets go of an environment that is gone; returns at once.
  void forget(EnvironmentId environment);

  /// The last view kept of an environment, marked as such; empty if there is none. Never fails.
  Mono<View> last(EnvironmentId environment);
}
