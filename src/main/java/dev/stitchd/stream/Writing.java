package dev.stitchd.stream;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Writes frames to an outlet, asking for the next only when the one before has left.
final class Writing {

  private static final Logger LOG = LoggerFactory.getLogger(Writing.class);

  /// A client took nothing for its time.
  private static final class Stalled extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// Whether everything that waits for it is complete, so that a goodbye may stand behind it.
    private final boolean complete;

    private Stalled(boolean complete, TimeoutException cause) {
      super(cause);
      this.complete = complete;
    }
  }

  private final Drain drain;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final StreamSettings settings;
  private final Scheduler timer;

  Writing(
      Drain drain, Jitter jitter, StreamMeters meters, StreamSettings settings, Scheduler timer) {
    this.drain = drain;
    this.jitter = jitter;
    this.meters = meters;
    this.settings = settings;
    this.timer = timer;
  }

  /// Completes when the frames have ended, the client has gone, or was told goodbye and cut off
  /// because it took nothing. Never fails.
  ///
  /// @param written hears of each frame that has left
  Mono<Void> write(Flux<Frame> frames, Outlet outlet, Consumer<Frame> written) {
    return outlet
        .open()
        .thenMany(frames)
        .concatMap(frame -> write(frame, outlet).doOnSuccess(_ -> written.accept(frame)), 0)
        .takeUntilOther(outlet.gone())
        .takeUntilOther(drain.cut().doOnSuccess(_ -> outlet.cut()))
        .onErrorResume(failure -> end(failure, outlet))
        .then();
  }

  private Mono<Void> write(Frame frame, Outlet outlet) {
    return pieces(frame)
        .concatMap(piece -> write(piece, frame, outlet), 0)
        .then()
        .doOnSuccess(_ -> meters.written(frame));
  }

  private Mono<Void> write(ByteBuffer piece, Frame frame, Outlet outlet) {
    boolean last = piece.limit() == frame.bytes().length;
    return outlet
        .write(piece)
        .timeout(settings.stalled(), timer)
        .onErrorMap(TimeoutException.class, late -> new Stalled(last, late));
  }

  private Flux<ByteBuffer> pieces(Frame frame) {
    int size = (int) settings.writeSize().toBytes();
    int length = frame.bytes().length;
    return length <= size
        ? Flux.just(ByteBuffer.wrap(frame.bytes()))
        : Flux.range(0, (length + size - 1) / size)
            .map(i -> ByteBuffer.wrap(frame.bytes(), i * size, Math.min(size, length - i * size)));
  }

  /// After the head, an answer can only be cut off; that is also what a lost connection is.
  private Mono<Void> end(Throwable failure, Outlet outlet) {
    if (failure instanceof Stalled stalled) {
      meters.stalled();
      return farewell(stalled, outlet).doFinally(_ -> outlet.cut());
    }
    LOG.debug("A stream ended", failure);
    outlet.cut();
    return Mono.empty();
  }

  private Mono<Void> farewell(Stalled stalled, Outlet outlet) {
    if (!stalled.complete) {
      return Mono.empty(); // it would stand in the middle of something
    }
    var goodbye = Frame.goodbye(Frame.Reason.TOO_SLOW, jitter.retry());
    return outlet
        .write(ByteBuffer.wrap(goodbye.bytes()))
        .doOnSuccess(_ -> meters.written(goodbye))
        .takeUntilOther(outlet.gone())
        .timeout(settings.farewell(), timer)
        .onErrorComplete();
  }
}
