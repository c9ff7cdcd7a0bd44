package dev.stitchd.ingest.quota;

import java.time.Duration;
import reactor.core.publisher.Mono;

/// How many events a sender may still send. Safe from any thread.
public interface Allowance {

  /// What became of a request for room.
  sealed interface Grant {

    record Given() implements Grant {}

    /// Too many events; nothing was taken.
    record Short(String detail, Duration retryAfter) implements Grant {}
  }

  /// For environments without a quota.
  Allowance UNLIMITED =
      new Allowance() {
        @Override
        public Mono<Grant> take(int events) {
          return Mono.just(new Grant.Given());
        }

        @Override
        public void giveBack(int events) {}
      };

  /// Takes room for so many events, all or nothing; waits for the next lease of tokens if there is
  /// none left. None (0) asks whether there is any room at all. Emits once; never fails.
  Mono<Grant> take(int events);

  /// Gives back room that was taken for events that were not kept after all.
  void giveBack(int events);
}
