package dev.stitchd.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;

/// Writes chunks of HTTP/1.1 that are made once for all connections, below the codec. What waits is
/// shared, so a slow client costs no memory.
final class ChunkWriter implements StreamWriter {

  private final ChannelHandlerContext codec;

  ChunkWriter(ChannelHandlerContext codec) {
    this.codec = codec;
  }

  @Override
  public Channel channel() {
    return codec.channel();
  }

  @Override
  public void write(Frame frame, ByteBuf chunk) {
    var _ = codec.write(chunk, channel().voidPromise());
  }

  @Override
  public boolean flush(LiveStream stream) {
    var _ = codec.flush();
    var buffer = channel().unsafe().outboundBuffer();
    if (buffer == null || buffer.isEmpty()) {
      return true;
    }
    // comes behind everything that waits, so it is done when all of that is
    var _ =
        codec
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(written -> {
              if (written.isSuccess()) {
                stream.caughtUp();
              }
            });
    return false;
  }

  @Override
  public long waiting() {
    var buffer = channel().unsafe().outboundBuffer();
    return buffer == null ? 0 : buffer.totalPendingWriteBytes() - buffer.currentProgress();
  }

  @Override
  public void closeBehind() {
    var _ = codec.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void discard() {} // all of it is the connection's, which lets go of it when it closes
}
