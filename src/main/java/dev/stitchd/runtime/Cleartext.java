package dev.stitchd.runtime;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerUpgradeHandler;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/// HTTP/2 without TLS by prior knowledge alone. A request that offers to upgrade is answered in
/// HTTP/1.1: an upgrade would have to hold the request's whole body first, and was taken out of the
/// protocol (RFC 9113). Clients that always offer it (Java's own) notice nothing.
@Component
final class Cleartext implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    server.addServerCustomizers(
        http -> http.doOnChannelInit((_, channel, _) -> withoutUpgrade(channel)));
  }

  private static void withoutUpgrade(Channel channel) {
    var codec = channel.pipeline().context(HttpServerCodec.class);
    if (codec != null && channel.pipeline().get(HttpServerUpgradeHandler.class) != null) {
      channel.pipeline().addAfter(codec.name(), null, new FirstRequest());
    }
  }

  /// The first request of HTTP/1.1 on a connection: from here on nothing watches for an upgrade.
  private static final class FirstRequest extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest) {
        var _ = context.pipeline().remove(HttpServerUpgradeHandler.class);
        var _ = context.pipeline().remove(this);
      }
      context.fireChannelRead(message);
    }
  }
}
