package dev.stitchd.runtime;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.http.server.HttpRequestDecoderSpec;

/// Bodies arrive in pieces as large as Netty reads at once. By default it would cut each of them
/// into eight, and each piece is handed on by itself.
@Component
final class LargePieces implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private static final int PIECE = 64 * 1024;

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    server.addServerCustomizers(http -> http.httpRequestDecoder(LargePieces::inLargePieces));
  }

  @SuppressWarnings("deprecation") // gone with Netty 5, which has no such limit
  private static HttpRequestDecoderSpec inLargePieces(HttpRequestDecoderSpec decoder) {
    return decoder.maxChunkSize(PIECE);
  }
}
