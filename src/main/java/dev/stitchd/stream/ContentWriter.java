package dev.stitchd.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Writes content of an answer, which the codec of whichever HTTP version it is puts into its
/// frames. One write is under way at a time: what is encrypted, or waits for the window of HTTP/2,
/// is no more than that, and each that leaves is progress.
final class ContentWriter implements StreamWriter, ChannelFutureListener {

  private final Channel channel;
  private final int pieces;
  private @Nullable Deque<ByteBuf> next;
  private @Nullable LiveStream stream;
  private int underWay;
  private boolean closing;
  private boolean sending;
  private boolean mustTell;

  /// @param pieces largest write
  ContentWriter(Channel channel, int pieces) {
    this.channel = channel;
    this.pieces = pieces;
  }

  @Override
  public Channel channel() {
    return channel;
  }

  @Override
  public void write(Frame frame, ByteBuf chunk) {
    var queue = next;
    if (queue == null) {
      queue = new ArrayDeque<>(2);
      next = queue;
    }
    queue.add(frame.contentOf(chunk));
  }

  @Override
  public boolean flush(LiveStream of) {
    stream = of;
    if (sending) { // asked for by what a write has set off
      mustTell = true;
      return false;
    }
    boolean all = underWay == 0 && sendNext();
    if (all && mustTell) {
      tellAll();
    }
    return all;
  }

  @Override
  public long waiting() {
    var queue = next;
    return underWay + (queue == null ? 0 : queue.stream().mapToLong(ByteBuf::readableBytes).sum());
  }

  @Override
  public void closeBehind() {
    closing = true;
    if (underWay == 0) {
      closeSoon();
    }
  }

  @Override
  public void discard() {
    var queue = next;
    next = null;
    if (queue != null) {
      queue.forEach(ByteBuf::release);
    }
  }

  @Override
  public void operationComplete(ChannelFuture written) {
    underWay = 0;
    if (!written.isSuccess()) {
      discard();
    } else if (sendNext()) {
      tellAll();
    }
  }

  private void tellAll() {
    mustTell = false;
    var written = stream;
    if (closing) {
      closeSoon();
    } else if (written != null) {
      written.caughtUp();
    }
  }

  /// When the end of the answer, which is written behind the last content, has been written too.
  private void closeSoon() {
    channel
        .eventLoop()
        .execute(() -> {
          var _ = channel.close();
        });
  }

  /// Whether all has left.
  private boolean sendNext() {
    while (next != null) {
      sending = true;
      var last = writeNext(next);
      var _ = channel.flush();
      sending = false;
      if (!last.isDone()) {
        var _ = last.addListener(this);
        return false;
      }
      underWay = 0;
      if (!last.isSuccess()) {
        discard();
      }
    }
    return true;
  }

  private ChannelFuture writeNext(Deque<ByteBuf> queue) {
    ChannelFuture last = channel.newSucceededFuture();
    while (!queue.isEmpty() && underWay < pieces) {
      var first = queue.element();
      int room = pieces - underWay;
      var piece = first.readableBytes() <= room ? queue.remove() : first.readRetainedSlice(room);
      underWay += piece.readableBytes();
      last = channel.write(new DefaultHttpContent(piece));
    }
    if (queue.isEmpty()) {
      next = null;
    }
    return last;
  }
}
