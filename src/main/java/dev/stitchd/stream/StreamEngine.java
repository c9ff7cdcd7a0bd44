package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.snapshot.Snapshots;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/// All streams of the process, by event loop, whatever they carry and over whatever connection: a
/// change is encoded once, and each loop writes the bytes to its own. Owns whatever a loop listens
/// to. Safe from any thread.
final class StreamEngine implements BackgroundJob {

  /// The deletion of an environment also ends its keys; its own goodbye says more, so it goes
  /// first.
  private static final Duration AFTER_DELETION = Duration.ofMillis(250);

  private static final Logger LOG = LoggerFactory.getLogger(StreamEngine.class);

  private final Snapshots snapshots;
  private final Access access;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final StreamSettings settings;
  private final ByteBufAllocator allocator;
  private final Deliveries deliveries;
  private final ConcurrentMap<EventLoop, LoopStreams> loops = new ConcurrentHashMap<>();

  StreamEngine(
      Snapshots snapshots,
      Access access,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      ByteBufAllocator allocator,
      Deliveries deliveries) {
    this.snapshots = snapshots;
    this.access = access;
    this.jitter = jitter;
    this.meters = meters;
    this.settings = settings;
    this.allocator = allocator;
    this.deliveries = deliveries;
  }

  /// One stream from the moment its head has been sent: completes when it was ended by plan or the
  /// client has gone, and never fails; on the connection's event loop.
  ///
  /// @param isHttp11 whether the answer is one of HTTP/1.1
  Mono<Void> stream(SdkCaller caller, StreamContent content, Channel channel, boolean isHttp11) {
    var writer = StreamWriter.of(channel, isHttp11, (int) settings.writeSize().toBytes());
    return Mono.create(end -> join(new LiveStream(caller, content, writer, end), channel, end));
  }

  /// Tells streams of every change of their environment.
  Disposable follow(EnvironmentStreams streams) {
    return snapshots
        .updates(streams.environment())
        .subscribe(streams::changed, streams::failed, streams::deleted);
  }

  /// Tells streams of the end of a key.
  Disposable watch(SdkCaller caller, EnvironmentStreams streams, LoopStreams loop) {
    return access
        .revocation(caller)
        .subscribe(
            gone -> loop.later(AFTER_DELETION, () -> streams.revoked(gone.keyId())),
            failure ->
                LOG.error(
                    "Streams: revocations of keys are not heard of; streams of keys revoked from now on go on until their maximum age, or until the node is started anew",
                    failure));
  }

  Frame goodbye(Frame.Reason reason) {
    return switch (reason) {
      case DRAINING, MAXIMUM_AGE, TOO_SLOW -> Frame.goodbye(reason, jitter.retry());
      case KEY_REVOKED, ENVIRONMENT_DELETED -> Frame.goodbye(reason, null);
    };
  }

  Jitter jitter() {
    return jitter;
  }

  StreamMeters meters() {
    return meters;
  }

  StreamSettings settings() {
    return settings;
  }

  Deliveries deliveries() {
    return deliveries;
  }

  ByteBufAllocator allocator() {
    return allocator;
  }

  /// Begins to say goodbye to everybody, spread over a time.
  void drain(Duration time) {
    everywhere(loop -> loop.drain(time));
  }

  /// Cuts off whoever is still here.
  void cut() {
    everywhere(LoopStreams::cut);
  }

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public String withoutIt() {
    return "streams are not served";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAMS;
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(this::cut);
  }

  private void join(LiveStream stream, Channel channel, MonoSink<Void> end) {
    var _ = end.onDispose(stream::leaveSoon);
    var thread = channel.eventLoop();
    var loop = at(thread);
    if (thread.inEventLoop()) {
      loop.join(stream);
    } else {
      loop.execute(() -> loop.join(stream)); // the head was sent by a thread that looked up the key
    }
  }

  private LoopStreams at(EventLoop thread) {
    var loop = loops.get(thread);
    return loop == null ? loops.computeIfAbsent(thread, t -> new LoopStreams(t, this)) : loop;
  }

  private void everywhere(Consumer<LoopStreams> task) {
    loops.forEach((thread, loop) -> {
      if (!thread.isShuttingDown()) {
        loop.execute(() -> task.accept(loop));
      }
    });
  }
}
