package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.random.RandomGenerator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Streams that another server than HTTP's writes, message by message: they count with the node's
/// limits, and end by the end of their key or environment, or because the node drains. Safe from
/// any thread.
public final class MessageStreams {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final StreamLimits limits;
  private final Drain drain;
  private final Access access;
  private final RandomGenerator chance;
  private final Scheduler timer;

  MessageStreams(
      StreamLimits limits, Drain drain, Access access, RandomGenerator chance, Scheduler timer) {
    this.limits = limits;
    this.drain = drain;
    this.access = access;
    this.chance = chance;
    this.timer = timer;
  }

  /// These messages as one stream, which takes its place as it is subscribed to. Never completes:
  /// fails with [Problem.TooMany] or [Problem.Unavailable] if there is no place, with
  /// [Problem.Unavailable] when the node drains, one stream after the other, with
  /// [Problem.Unauthenticated] when the key is revoked or the messages complete, which they do when
  /// the environment is deleted; and as the messages do.
  public <T> Flux<T> served(SdkCaller caller, StreamContent.Kind kind, Flux<T> messages) {
    return Flux.using(
        () -> {
          drain.refuseIfDraining();
          limits.enter(caller, kind);
          return caller;
        },
        _ -> messages.concatWith(gone()).takeUntilOther(end(caller)),
        entered -> limits.leave(entered, kind));
  }

  private static <T> Mono<T> gone() {
    return Mono.error(() -> new Problem.Unauthenticated("the key's environment is gone"));
  }

  /// Fails when the stream is to end.
  private Mono<Void> end(SdkCaller caller) {
    return Mono.firstWithSignal(drained(), revoked(caller));
  }

  private Mono<Void> drained() {
    return drain
        .begun()
        .then(Mono.defer(() -> Mono.delay(turn(), timer)))
        .then(Mono.error(() -> new Problem.Unavailable("this node is shutting down", RETRY_AFTER)));
  }

  private Duration turn() {
    return Duration.ofMillis(chance.nextLong(drain.time().toMillis() + 1));
  }

  private Mono<Void> revoked(SdkCaller caller) {
    return access
        .revocation(caller)
        .next()
        .then(Mono.error(() -> new Problem.Unauthenticated("the key was revoked")));
  }
}
