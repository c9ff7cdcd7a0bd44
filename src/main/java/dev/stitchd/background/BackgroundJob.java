package dev.stitchd.background;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// One piece of work that goes on while the process runs. Every bean of this type is started and
/// stopped in its place of the [StartOrder].
public interface BackgroundJob {

  /// For the log, as in `rollups`.
  String name();

  /// What does not happen while it does not run: a sentence for the log that goes on where its name
  /// ends, as in `closed hours are counted from single events, which is slower`.
  String withoutIt();

  StartOrder order();

  /// Comes before the work, on the starting thread, which may block. What it throws ends the start.
  default void prepare() {}

  /// The work. Subscribed to when everything before it has started, cancelled when it stops. One
  /// that fails is told in the log and subscribed to again after a while; one that completes is
  /// done. Elements mean nothing.
  default Publisher<?> work() {
    return Mono.never();
  }

  /// Comes first when the process stops, while the work still goes on; has to end by itself.
  default Mono<Void> drain() {
    return Mono.empty();
  }

  /// Comes last, when the work has been cancelled; has to end by itself.
  default Mono<Void> close() {
    return Mono.empty();
  }
}
