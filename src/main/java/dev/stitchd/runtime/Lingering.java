package dev.stitchd.runtime;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

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
    server.addServerCustomizers(http ->
        http.doOnChannelInit(
            (_, channel, _) -> channel.pipeline().addFirst(new Closing(patience.toMillis()))));
  }

  /// Nearest to the socket: what TLS says at its end has been written before.
  private static final class Closing extends ChannelDuplexHandler {

    private final long patienceMillis;
    private final Ends ends = new Ends();
    private boolean watches;

    private Closing(long patienceMillis) {
      this.patienceMillis = patienceMillis;
    }

    /// The codec of HTTP/1.1 may come with the end of a handshake, and with it a request that is
    /// not seen: then its end is awaited until one is. Connections of HTTP/2 have none to wait for.
    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      if (!watches) {
        var codec = context.pipeline().context(HttpServerCodec.class);
        if (codec == null) {
          ends.areAwaited = context.pipeline().get(Http2ConnectionHandler.class) == null;
        } else {
          context.pipeline().addAfter(codec.name(), null, ends);
          watches = true;
        }
      }
      context.fireChannelRead(bytes);
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
      var channel = context.channel();
      boolean lingers = channel.pipeline().get(Rest.class) != null;
      if (!lingers
          && channel instanceof DuplexChannel open
          && channel.isActive()
          && ends.areAwaited) {
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
  }

  /// Notes whether a request has begun whose end has not been read. Reactor Netty's own operations
  /// do not tell: they may have let go of the connection when it is closed.
  private static final class Ends extends ChannelInboundHandlerAdapter {

    private boolean areAwaited;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof LastHttpContent) {
        areAwaited = false;
      } else if (message instanceof HttpRequest request) {
        areAwaited = hasBody(request.headers());
      }
      context.fireChannelRead(message);
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
