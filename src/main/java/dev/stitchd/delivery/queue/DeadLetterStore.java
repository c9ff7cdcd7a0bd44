package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import reactor.core.publisher.Mono;

/// Where events rest that the event store refuses for good, with the reason.
public interface DeadLetterStore {

  /// Takes a batch of one row. Emits whether it is durable here; if not it has been logged. Never
  /// fails.
  Mono<Boolean> bury(EncodedBatch row, String reason);
}
