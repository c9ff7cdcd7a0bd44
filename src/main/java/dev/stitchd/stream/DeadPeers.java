package dev.stitchd.stream;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import java.time.Duration;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/// Has the kernel give up connections whose peer is gone without a word: heartbeats that nobody
/// acknowledges end them. Only Linux can.
final class DeadPeers implements NettyServerCustomizer {

  private final Duration unacknowledged;

  DeadPeers(Duration unacknowledged) {
    this.unacknowledged = unacknowledged;
  }

  @Override
  public HttpServer apply(HttpServer server) {
    return Epoll.isAvailable() && LoopResources.DEFAULT_NATIVE
        ? server.childOption(EpollChannelOption.TCP_USER_TIMEOUT, (int) unacknowledged.toMillis())
        : server;
  }
}
