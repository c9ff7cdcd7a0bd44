package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;

/// What one stream carries, whoever writes it.
final class Streams {

  /// The deletion of an environment also ends its keys; its own goodbye says more, so it goes
  /// first.
  private static final Duration AFTER_DELETION = Duration.ofMillis(250);

  private final Snapshots snapshots;
  private final Access access;
  private final Editions editions;
  private final Drain drain;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final StreamSettings settings;
  private final Scheduler timer;

  Streams(
      Snapshots snapshots,
      Access access,
      Editions editions,
      Drain drain,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      Scheduler timer) {
    this.snapshots = snapshots;
    this.access = access;
    this.editions = editions;
    this.drain = drain;
    this.jitter = jitter;
    this.meters = meters;
    this.settings = settings;
    this.timer = timer;
  }

  /// The frames for one client, from its retry time to its goodbye. Holds at most one state, one
  /// heartbeat and one goodbye ready; whatever else happens until the next frame is asked for
  /// becomes one frame. Never fails once the environment is loaded.
  ///
  /// @param resume where the client says it is; null for nowhere
  Flux<Frame> frames(SdkCaller caller, @Nullable Cursor resume) {
    return frames(caller, Flux.defer(() -> states(caller, new Follower(resume, editions, meters))));
  }

  /// The same around other content, which ends when the environment is deleted.
  Flux<Frame> frames(SdkCaller caller, Flux<Frame> content) {
    var frames = Flux.merge(1, untilDeleted(content), heartbeats(), goodbyes(caller));
    return Mono.fromSupplier(() -> Frame.retry(jitter.retry()))
        .concatWith(frames)
        .takeUntil(Frame::isLast);
  }

  private Flux<Frame> untilDeleted(Flux<Frame> content) {
    return content
        .concatWith(goodbye(Frame.Reason.ENVIRONMENT_DELETED))
        .onErrorResume(Problem.NotFound.class, _ -> goodbye(Frame.Reason.ENVIRONMENT_DELETED));
  }

  private Flux<Frame> states(SdkCaller caller, Follower follower) {
    return snapshots
        .updates(caller.environment())
        .handle((snapshot, sink) -> advance(follower, snapshot, sink));
  }

  private static void advance(Follower follower, Snapshot snapshot, SynchronousSink<Frame> sink) {
    var frame = follower.advance(snapshot);
    if (frame != null) {
      sink.next(frame);
    }
  }

  private Flux<Frame> heartbeats() {
    return Flux.interval(jitter.firstHeartbeat(), settings.heartbeat(), timer)
        .onBackpressureDrop()
        .map(_ -> Frame.HEARTBEAT);
  }

  private Flux<Frame> goodbyes(SdkCaller caller) {
    return Flux.merge(
        1,
        drain.goodbye(),
        access
            .revocation(caller)
            .next()
            .delayElement(AFTER_DELETION, timer)
            .flatMap(_ -> goodbye(Frame.Reason.KEY_REVOKED)),
        Mono.delay(jitter.age(), timer).flatMap(_ -> goodbye(Frame.Reason.MAXIMUM_AGE)));
  }

  private Mono<Frame> goodbye(Frame.Reason reason) {
    return Mono.fromSupplier(() ->
        switch (reason) {
          case DRAINING, MAXIMUM_AGE, TOO_SLOW -> Frame.goodbye(reason, jitter.retry());
          case KEY_REVOKED, ENVIRONMENT_DELETED -> Frame.goodbye(reason, null);
        });
  }
}
