package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import reactor.core.publisher.Mono;

/// Where a batch can wait, durably, while the sink does not take it. What a spool has taken it must
/// replay under the same token.
public interface Spool {

  /// Emits true once the batch is durable here (whoever had it lets go of it and answers its
  /// submitters), false if it must be kept in memory and tried again. Never fails.
  Mono<Boolean> take(EncodedBatch batch);

  /// Whether the sink is known to be out, so that asking it first would only cost time.
  default boolean isFirstChoice() {
    return false;
  }

  /// No spool: batches wait in memory, inside the queue's bounds.
  static Spool none() {
    return _ -> Mono.just(false);
  }
}
