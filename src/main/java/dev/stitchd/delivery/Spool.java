package dev.stitchd.delivery;

import reactor.core.publisher.Mono;

/// Where a batch can wait, durably, while the sink does not take it. The courier asks each time the
/// sink fails with an unknown or unavailable outcome; what a spool has taken it must replay under
/// the same token.
interface Spool {

  /// Emits true once the batch is durable here (the courier lets go of it and answers its
  /// submitters), false if the courier must keep it in memory and try again. Never fails.
  Mono<Boolean> take(Batch batch);

  /// No spool: batches wait in memory, inside the queue's bounds.
  static Spool none() {
    return _ -> Mono.just(false);
  }
}
