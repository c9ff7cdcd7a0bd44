package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshots;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/// Streams on plain HTTP/1.1 connections, by event loop: a change is encoded once, and each loop
/// writes the bytes to its connections below the HTTP codec. Owns whatever a loop listens to. Safe
/// from any thread.
final class Loops implements BackgroundJob {

  /// The deletion of an environment also ends its keys; its own goodbye says more, so it goes
  /// first.
  private static final Duration AFTER_DELETION = Duration.ofMillis(250);

  private static final Logger LOG = LoggerFactory.getLogger(Loops.class);

  private final Snapshots snapshots;
  private final Access access;
  private final Editions editions;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final StreamSettings settings;
  private final ByteBufAllocator allocator;
  private final Deliveries deliveries;
  private final ConcurrentMap<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  Loops(
      Snapshots snapshots,
      Access access,
      Editions editions,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      ByteBufAllocator allocator,
      Deliveries deliveries) {
    this.snapshots = snapshots;
    this.access = access;
    this.editions = editions;
    this.jitter = jitter;
    this.meters = meters;
    this.settings = settings;
    this.allocator = allocator;
    this.deliveries = deliveries;
  }

  /// Where to write below the codec; null if the connection is not plain HTTP/1.1.
  static @Nullable ChannelHandlerContext codecOf(Channel channel) {
    return channel.pipeline().get(SslHandler.class) == null
        ? channel.pipeline().context(HttpServerCodec.class)
        : null; // what waits below TLS is not what waits for the client
  }

  /// One stream from the moment its head has been sent: completes when it was ended by plan or the
  /// client has gone, and never fails; on the connection's event loop.
  ///
  /// @param resume where the client says it is; null for nowhere
  /// @param codec from [#codecOf]
  Mono<Void> stream(SdkCaller caller, @Nullable Cursor resume, ChannelHandlerContext codec) {
    return Mono.create(end -> join(caller, resume, codec, end));
  }

  /// What an event loop keeps.
  Loop at(EventLoop thread) {
    var loop = loops.get(thread);
    return loop == null ? loops.computeIfAbsent(thread, t -> new Loop(t, this)) : loop;
  }

  /// Tells an audience of every change of its environment.
  Disposable follow(Audience audience) {
    return snapshots
        .updates(audience.environment())
        .subscribe(audience::hear, audience::failed, audience::deleted);
  }

  /// Tells an audience of the end of a key.
  Disposable watch(SdkCaller caller, Audience audience, Loop loop) {
    return access
        .revocation(caller)
        .subscribe(
            gone -> loop.later(AFTER_DELETION, () -> audience.revoked(gone.keyId())),
            failure -> LOG.error("Revoked keys do not end their streams", failure));
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
    everywhere(Loop::cut);
  }

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public String withoutIt() {
    return "plain streams are not served";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAMS;
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(() -> {
      cut();
      everywhere(Loop::clear);
    });
  }

  private void join(
      SdkCaller caller, @Nullable Cursor resume, ChannelHandlerContext codec, MonoSink<Void> end) {
    var stream = new LiveStream(caller, new Follower(resume, editions, meters), codec, end);
    var _ = end.onDispose(stream::leaveSoon);
    var thread = codec.channel().eventLoop();
    var loop = at(thread);
    if (thread.inEventLoop()) {
      loop.join(stream);
    } else {
      loop.execute(() -> loop.join(stream)); // the head was sent by a thread that looked up the key
    }
  }

  private void everywhere(Consumer<Loop> task) {
    loops.forEach((thread, loop) -> {
      if (!thread.isShuttingDown()) {
        loop.execute(() -> task.accept(loop));
      }
    });
  }
}
