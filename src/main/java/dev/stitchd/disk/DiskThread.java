package dev.stitchd.disk;

import java.util.concurrent.Callable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The fence around files, which block: whoever touches one while the server runs does it inside
/// [#call], on a scheduler of one thread, so one file at a time.
///
/// @param blocking its thread may block, and its queue is bounded
public record DiskThread(Scheduler blocking) {

  /// Runs work that blocks. Emits what it answers, on that thread; fails as it does. Cancelling
  /// gives up the answer and may leave the work undone.
  public <T> Mono<T> call(Callable<T> work) {
    return Mono.fromCallable(work).subscribeOn(blocking);
  }
}
