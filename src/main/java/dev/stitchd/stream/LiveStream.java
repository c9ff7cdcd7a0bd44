package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.propagation.Deliveries;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/// One stream, on whatever connection. There are thousands, so it has few parts. Confined to its
/// event loop.
final class LiveStream implements ChannelFutureListener {

  private final SdkCaller caller;
  private final StreamContent content;
  private final StreamWriter writer;
  private final MonoSink<Void> end;
  private @Nullable EnvironmentStreams streams;
  private @Nullable Frame goodbye;
  private int lastTick;
  private int progressTick;
  private long left;
  private long sent = Deliveries.NOWHERE;
  private boolean behind;
  private boolean waitsForTurn;
  private boolean slow;
  private boolean gone;

  /// Its index among the streams of its environment.
  int index;

  /// Its index in its slot.
  int slotIndex;

  /// @param end completed when the stream has ended
  LiveStream(SdkCaller caller, StreamContent content, StreamWriter writer, MonoSink<Void> end) {
    this.caller = caller;
    this.content = content;
    this.writer = writer;
    this.end = end;
  }

  SdkCaller caller() {
    return caller;
  }

  StreamContent content() {
    return content;
  }

  private Channel channel() {
    return writer.channel();
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
  /// @param oldest the tick at which it is too old
  void join(EnvironmentStreams of, int oldest) {
    streams = of;
    lastTick = oldest;
    var _ = channel().closeFuture().addListener(this);
  }

  /// The tick at which it is too old.
  int lastTick() {
    return lastTick;
  }

  /// Whether bytes of earlier frames are still waiting for the client to take them.
  boolean isBehind() {
    return behind;
  }

  /// Whether what it is to be told next waits for its turn.
  boolean waitsForTurn() {
    return waitsForTurn;
  }

  void waitsForTurn(boolean waits) {
    waitsForTurn = waits;
  }

  /// Whether it has left the streams of its environment.
  boolean isOver() {
    return streams == null;
  }

  /// Whether the client went before it could join.
  boolean isGone() {
    return gone || !channel().isActive();
  }

  /// Writes without flushing.
  ///
  /// @param chunk of the frame; released when written
  void write(Frame frame, ByteBuf chunk) {
    writer.write(frame, chunk);
  }

  /// Sends what was written; whether the client took all of it. If not, [#caughtUp] follows when it
  /// has.
  boolean flush() {
    if (writer.flush(this)) {
      return true;
    }
    behind = true;
    left = Long.MAX_VALUE;
    return false;
  }

  /// Notes whether the client has taken anything of what waits since this was called before.
  ///
  /// @return for how many ticks it has not
  int noteProgress(int tick) {
    long now = writer.waiting();
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
    var of = streams;
    if (of == null) {
      return true;
    }
    if (behind) {
      goodbye = last;
      return false;
    }
    of.countGoodbye(last);
    var _ = leave();
    writer.write(last, last.chunk(channel().alloc()));
    var _ = writer.flush(this);
    end.success();
    if (slow) { // whoever was slow once does not keep the connection
      writer.closeBehind();
    }
    return true;
  }

  /// Decides to end a stream that is behind: its goodbye leaves when everything before it has.
  ///
  /// @param goodbyes makes what is said, unless another goodbye waits already
  /// @return whether that is new
  boolean endTooSlow(Function<Frame.Reason, Frame> goodbyes) {
    if (slow) {
      return false;
    }
    slow = true;
    if (goodbye == null) {
      goodbye = goodbyes.apply(Frame.Reason.TOO_SLOW);
    }
    return true;
  }

  /// Ends without having joined.
  void end() {
    end.success();
  }

  /// Closes the connection at once.
  void cut() {
    var _ = channel().close();
  }

  /// Leaves the streams of its environment without a word; whether it was in one.
  boolean leave() {
    var of = streams;
    streams = null;
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
      if (leave()) {
        writer.discard();
      }
    } else if (!thread.isShuttingDown()) {
      thread.execute(this::leaveSoon);
    }
  }

  @Override
  public void operationComplete(ChannelFuture future) {
    writer.discard();
    if (leave()) {
      end.success();
    }
  }

  /// The client has taken everything that it was written.
  void caughtUp() {
    behind = false;
    var of = streams;
    var last = goodbye;
    if (of == null) {
      return;
    }
    of.caughtUp(this);
    of.sent(this);
    if (last == null) {
      of.advance(this);
    } else {
      var _ = finish(last);
    }
  }
}
