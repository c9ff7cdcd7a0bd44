package dev.stitchd.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/// How the bytes of one stream reach its connection: as finished chunks below the codec where that
/// is plain HTTP/1.1, as content through the codec elsewhere. Confined to its event loop.
sealed interface StreamWriter permits ChunkWriter, ContentWriter {

  /// @param isHttp11 whether the answer is one of HTTP/1.1
  /// @param pieces largest write of content
  static StreamWriter of(Channel channel, boolean isHttp11, int pieces) {
    var codec = isHttp11 ? codecOf(channel) : null;
    return codec == null ? new ContentWriter(channel, pieces) : new ChunkWriter(codec);
  }

  /// The connection, or in HTTP/2 the stream.
  Channel channel();

  /// Writes without flushing.
  ///
  /// @param chunk of the frame, as [Frame#chunk] made it; released when written
  void write(Frame frame, ByteBuf chunk);

  /// Sends what was written; whether the client took all of it. If not, the stream hears of it when
  /// it has.
  boolean flush(LiveStream stream);

  /// Bytes that the client has not taken; they become fewer as long as it takes any.
  long waiting();

  /// Closes the connection behind what was written.
  void closeBehind();

  /// Lets go of what has not been handed to the connection.
  void discard();

  private static @Nullable ChannelHandlerContext codecOf(Channel channel) {
    return channel.pipeline().get(SslHandler.class) == null
        ? channel.pipeline().context(HttpServerCodec.class)
        : null; // a large frame would be encrypted at once, for a client that may not take it
  }
}
