package dev.stitchd.delivery;

import reactor.core.publisher.Mono;

/// Where events rest that the event store refuses for good, with the reason.
interface DeadLetterStore {

  /// Takes a batch of one row. Emits whether it is durable here; if not it has been logged. Never
  /// fails.
  Mono<Boolean> bury(EncodedBatch row, String reason);
}
