package dev.stitchd.stream;

import dev.stitchd.endpoint.SdkRequest;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.FutureMono;

/// Writes to the connection itself. The framework's way to write would ask for dozens of frames in
/// advance, and a slow client would get stale ones.
final class NettyOutlet implements Outlet {

  private final SdkRequest request;
  private final Channel channel;

  private NettyOutlet(SdkRequest request) {
    this.request = request;
    this.channel = request.channel();
  }

  /// The outlet of a response whose head has not been sent.
  static NettyOutlet of(SdkRequest request) {
    return new NettyOutlet(request);
  }

  /// Where to write past the framework, which only plain HTTP/1.1 allows; null elsewhere.
  @Nullable ChannelHandlerContext codec() {
    return request.connection().version().equals(HttpVersion.HTTP_1_1)
        ? Loops.codecOf(channel)
        : null;
  }

  @Override
  public Mono<Void> open() {
    return request.response().then();
  }

  /// As content of the answer, which the codec of whichever HTTP version it is puts into a frame.
  @Override
  public Mono<Void> write(ByteBuffer bytes) {
    return FutureMono.deferFuture(
        () -> channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes))));
  }

  @Override
  public Mono<Void> gone() {
    return FutureMono.from(channel.closeFuture());
  }

  @Override
  public void cut() {
    var _ = channel.close();
  }
}
