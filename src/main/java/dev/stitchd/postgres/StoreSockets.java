package dev.stitchd.postgres;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/// Event loops whose connections the kernel ends when the other machine does not acknowledge what
/// it was sent, or says nothing to questions whether it still is there. The driver has no setting
/// for either beyond switching the questions on.
final class StoreSockets implements LoopResources {

  private static final int QUESTIONS = 3;

  private final LoopResources loops;
  private final int unacknowledged;
  private final int between;

  /// @param unacknowledged so long what was sent may stay unacknowledged, and a silent machine
  ///   unheard of
  StoreSockets(LoopResources loops, Duration unacknowledged) {
    this.loops = loops;
    this.unacknowledged = Math.toIntExact(unacknowledged.toMillis());
    this.between = Math.toIntExact(Math.max(1, unacknowledged.toSeconds() / (QUESTIONS + 1)));
  }

  @Override
  public <CHANNEL extends Channel> CHANNEL onChannel(
      Class<CHANNEL> channelType, EventLoopGroup group) {
    var channel = loops.onChannel(channelType, group);
    if (channel instanceof EpollSocketChannel socket) {
      var _ =
          socket
              .config()
              .setKeepAlive(true)
              .setTcpKeepIdle(between)
              .setTcpKeepIntvl(between)
              .setTcpKeepCnt(QUESTIONS)
              .setTcpUserTimeout(unacknowledged);
    }
    return channel;
  }

  @Override
  public <CHANNEL extends Channel> Class<? extends CHANNEL> onChannelClass(
      Class<CHANNEL> channelType, EventLoopGroup group) {
    return loops.onChannelClass(channelType, group);
  }

  @Override
  public EventLoopGroup onClient(boolean useNative) {
    return loops.onClient(useNative);
  }

  @Override
  public EventLoopGroup onServer(boolean useNative) {
    return loops.onServer(useNative);
  }

  @Override
  public EventLoopGroup onServerSelect(boolean useNative) {
    return loops.onServerSelect(useNative);
  }

  @Override
  public boolean daemon() {
    return loops.daemon();
  }

  @Override
  public void dispose() {
    loops.dispose();
  }

  @Override
  public Mono<Void> disposeLater() {
    return loops.disposeLater();
  }

  @Override
  public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
    return loops.disposeLater(quietPeriod, timeout);
  }

  @Override
  public boolean isDisposed() {
    return loops.isDisposed();
  }
}
