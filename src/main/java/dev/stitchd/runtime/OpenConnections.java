package dev.stitchd.runtime;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Closes the connections that are left when the HTTP port has been closed and requests in flight
/// have been waited for. Clients with kept connections would go on asking, and be answered, while
/// what records the answers has ended already.
@Component
final class OpenConnections
    implements BackgroundJob, WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private final ChannelGroup connections =
      new DefaultChannelGroup("connections", GlobalEventExecutor.INSTANCE);

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    server.addServerCustomizers(
        http -> http.doOnChannelInit((_, channel, _) -> connections.add(channel)));
  }

  @Override
  public String name() {
    return "open connections";
  }

  @Override
  public String withoutIt() {
    return "connections are served until the process ends";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CONNECTIONS;
  }

  /// Completes when none of them is served any more. One whose client still sends may stay open for
  /// a while, so that it can read why it was refused.
  @Override
  public Mono<Void> drain() {
    return Mono.defer(() -> Mono.when(connections.stream().map(OpenConnections::close).toList()));
  }

  private static Mono<Void> close(Channel connection) {
    return Mono.create(closed -> {
      var _ = connection.close();
      connection.eventLoop().execute(closed::success); // behind all that it had been told
    });
  }
}
