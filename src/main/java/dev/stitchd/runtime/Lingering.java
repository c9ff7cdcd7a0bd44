package dev.stitchd.runtime;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.channel.ChannelOperations;
import reactor.netty.http.server.HttpServerRequest;

/// Has clients that still send read why they were refused.
///
/// A connection that is closed while bytes lie unread is reset by the kernel, and with it the
/// answer, which its client may not have read yet. So such a connection is closed in this direction
/// only; what still comes is thrown away, until the client closes too or the time is over (RFC
/// 9112, 9.6). Costs nothing on connections whose requests were read to their ends.
@Component
final class Lingering implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private final Duration patience;

  Lingering(HttpSettings settings) {
    this.patience = settings.lingering();
  }

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    var closing = new Closing(patience.toMillis());
    server.addServerCustomizers(
        http -> http.doOnChannelInit((_, channel, _) -> channel.pipeline().addFirst(closing)));
  }

  /// Nearest to the socket: what TLS says at its end has been written before.
  @Sharable
  private static final class Closing extends ChannelOutboundHandlerAdapter {

    private final long patienceMillis;

    private Closing(long patienceMillis) {
      this.patienceMillis = patienceMillis;
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
      var channel = context.channel();
      boolean lingers = channel.pipeline().get(Rest.class) != null;
      if (!lingers && channel instanceof DuplexChannel open && stillSends(open)) {
        halfClose(context, open);
        lingers = true;
      }
      if (lingers) {
        var _ = channel.closeFuture().addListener(_ -> promise.trySuccess());
      } else {
        var _ = context.close(promise);
      }
    }

    private void halfClose(ChannelHandlerContext context, DuplexChannel channel) {
      channel.pipeline().addFirst(new Rest());
      var _ = channel.shutdownOutput();
      channel.config().setAutoRead(true);
      var end = context.executor().schedule(() -> leave(context), patienceMillis, MILLISECONDS);
      var _ = channel.closeFuture().addListener(_ -> end.cancel(false));
    }

    private static void leave(ChannelHandlerContext context) {
      var _ = context.close();
    }

    private static boolean stillSends(DuplexChannel channel) {
      var request = ChannelOperations.get(channel);
      return channel.isActive()
          && request instanceof HttpServerRequest announced
          && hasBody(announced.requestHeaders())
          && !request.isInboundDisposed();
    }

    private static boolean hasBody(HttpHeaders headers) {
      return headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
          || !headers.get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0");
    }
  }

  /// Throws away what nobody waits for.
  private static final class Rest extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      ReferenceCountUtil.release(bytes);
    }
  }
}
