package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.propagation.Deliveries;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/// One connection that follows an environment. There are thousands, so it has few parts. Confined
/// to its event loop.
final class LiveStream implements ChannelFutureListener {

  private final SdkCaller caller;
  private final Follower follower;
  private final ChannelHandlerContext codec;
  private final MonoSink<Void> end;
  private @Nullable Audience audience;
  private @Nullable Frame goodbye;
  private int slot;
  private int lastTick;
  private int progressTick;
  private long left;
  private long sent = Deliveries.NOWHERE;
  private boolean behind;
  private boolean slow;
  private boolean gone;

  /// Where its audience keeps it.
  int place;

  /// @param codec the connection's HTTP/1.1 codec; what is written here passes below it
  /// @param end completed when the stream has ended
  LiveStream(SdkCaller caller, Follower follower, ChannelHandlerContext codec, MonoSink<Void> end) {
    this.caller = caller;
    this.follower = follower;
    this.codec = codec;
    this.end = end;
  }

  SdkCaller caller() {
    return caller;
  }

  Follower follower() {
    return follower;
  }

  Channel channel() {
    return codec.channel();
  }

  /// The revision that has left for the client.
  long sent() {
    return sent;
  }

  void sent(long revision) {
    sent = revision;
  }

  /// Begins.
  ///
  /// @param heartbeatSlot in which part of the heartbeat's interval this one gets its own
  /// @param oldest the tick at which it is too old
  void join(Audience of, int heartbeatSlot, int oldest) {
    audience = of;
    slot = heartbeatSlot;
    lastTick = oldest;
    var _ = channel().closeFuture().addListener(this);
  }

  boolean hasHeartbeatIn(int heartbeatSlot) {
    return slot == heartbeatSlot;
  }

  boolean isTooOld(int tick) {
    return tick >= lastTick;
  }

  /// Whether bytes of earlier frames are still waiting for the client to take them.
  boolean isBehind() {
    return behind;
  }

  /// Whether it has left its audience.
  boolean isOver() {
    return audience == null;
  }

  /// Whether the client went before it could join.
  boolean isGone() {
    return gone || !channel().isActive();
  }

  /// Writes without flushing.
  ///
  /// @param chunk released when written
  void write(ByteBuf chunk) {
    var _ = codec.write(chunk, channel().voidPromise());
  }

  /// Sends what was written; whether the client took all of it. If not, its audience hears of it
  /// when it has.
  boolean flush() {
    var _ = codec.flush();
    var waiting = channel().unsafe().outboundBuffer();
    if (waiting == null || waiting.isEmpty()) {
      return true;
    }
    behind = true;
    left = Long.MAX_VALUE;
    // comes behind everything that waits, so it is done when all of that is
    var _ = codec.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(this);
    return false;
  }

  /// For how many ticks the client has taken nothing of what waits.
  int stalledFor(int tick) {
    var waiting = channel().unsafe().outboundBuffer();
    long now = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    if (now != left) {
      left = now;
      progressTick = tick;
    }
    return tick - progressTick;
  }

  /// Says goodbye and ends; at once, or when what waits has been taken.
  ///
  /// @return whether it has ended
  boolean finish(Frame last) {
    var of = audience;
    if (of == null) {
      return true;
    }
    if (behind) {
      goodbye = last;
      return false;
    }
    of.said(last);
    var _ = leave();
    write(last.chunk(codec.alloc()));
    var _ = codec.flush();
    end.success();
    if (slow) { // whoever was slow once does not keep the connection; behind the answer's end
      codec.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
    return true;
  }

  /// Decides to end a stream that is behind: its goodbye leaves when everything before it has.
  ///
  /// @param words what is said, unless another goodbye waits already
  /// @return whether that is new
  boolean isTooSlow(Function<Frame.Reason, Frame> words) {
    if (slow) {
      return false;
    }
    slow = true;
    if (goodbye == null) {
      goodbye = words.apply(Frame.Reason.TOO_SLOW);
    }
    return true;
  }

  /// Ends without having joined.
  void end() {
    end.success();
  }

  /// Cuts the connection without ceremony.
  void cut() {
    var _ = channel().close();
  }

  /// Leaves its audience without a word; whether it was in one.
  boolean leave() {
    var of = audience;
    audience = null;
    if (of != null) {
      of.remove(this);
    }
    return of != null;
  }

  /// As [#leave], from any thread: whoever waited for the end does so no longer.
  void leaveSoon() {
    var thread = channel().eventLoop();
    if (thread.inEventLoop()) {
      gone = true;
      var _ = leave();
    } else if (!thread.isShuttingDown()) {
      thread.execute(this::leaveSoon);
    }
  }

  @Override
  public void operationComplete(ChannelFuture future) {
    if (future == channel().closeFuture()) {
      closed();
    } else if (future.isSuccess()) {
      caughtUp();
    }
  }

  private void closed() {
    if (leave()) {
      end.success();
    }
  }

  private void caughtUp() {
    behind = false;
    var of = audience;
    var last = goodbye;
    if (of == null) {
      return;
    }
    of.keepsUp(this);
    of.sent(this);
    if (last == null) {
      of.advance(this);
    } else {
      var _ = finish(last);
    }
  }
}
