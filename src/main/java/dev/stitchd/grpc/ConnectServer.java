package dev.stitchd.grpc;

import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Serves what speaks Connect on the ports of gRPC: the connections that there are, and what they
/// have in common. Safe from any thread.
final class ConnectServer {

  /// What a connection may keep in memory of what it sends, until it takes it.
  private static final int MOST_PIECE = 8_192;

  /// What the kernel takes.
  private static final int MOST_SECONDS = 32_767;

  private final GrpcSettings settings;
  private final ConnectMethods methods;
  private final CallFailures failures;
  private final ServerTransportFilter memory;
  private final Set<ConnectConnection> connections = ConcurrentHashMap.newKeySet();
  private volatile boolean isEnding;

  /// @param memory what a connection remembers from one call to the next
  ConnectServer(
      GrpcSettings settings,
      ConnectMethods methods,
      CallFailures failures,
      ServerTransportFilter memory) {
    this.settings = settings;
    this.methods = methods;
    this.failures = failures;
    this.memory = memory;
  }

  /// Makes a connection one of these.
  void add(ChannelPipeline pipeline) {
    findTheDead(pipeline.channel().config());
    var config =
        new HttpDecoderConfig()
            .setMaxHeaderSize((int) settings.maxHeaders().toBytes())
            .setMaxInitialLineLength((int) settings.maxHeaders().toBytes())
            .setMaxChunkSize(MOST_PIECE);
    var _ =
        pipeline.addLast(
            // not HttpServerCodec, which fails where more than 128 requests arrive at once
            new HttpRequestDecoder(config), new HttpResponseEncoder(), new ConnectConnection(this));
  }

  /// gRPC's connections are asked by pings whether their clients live; here the kernel asks, so
  /// that the stream of one that is gone without a word does not keep its place for hours. Only
  /// Linux can.
  private void findTheDead(ChannelConfig connection) {
    if (connection instanceof EpollSocketChannelConfig tcp) {
      var _ =
          tcp.setKeepAlive(true)
              .setTcpKeepIdle(seconds(settings.keepAlive()))
              .setTcpKeepIntvl(seconds(settings.unanswered()))
              .setTcpKeepCnt(1);
    }
  }

  private static int seconds(Duration time) {
    return Math.clamp(time.toSeconds(), 1, MOST_SECONDS);
  }

  /// After this, connections are closed when they have answered.
  void lastCalls() {
    isEnding = true;
  }

  /// Closes connections, those that answer something when they have.
  void end() {
    lastCalls();
    each(ConnectConnection::endWhenAnswered);
  }

  /// Closes connections, whatever they do.
  void endNow() {
    lastCalls();
    each(ConnectConnection::endNow);
  }

  private void each(Consumer<ConnectConnection> told) {
    connections.forEach(connection -> connection.later(() -> told.accept(connection)));
  }

  boolean isEnding() {
    return isEnding;
  }

  void enter(ConnectConnection connection) {
    connections.add(connection);
  }

  void leave(ConnectConnection connection) {
    connections.remove(connection);
  }

  /// Connections that there are.
  int connections() {
    return connections.size();
  }

  Attributes remembered() {
    return memory.transportReady(Attributes.EMPTY);
  }

  ConnectMethods methods() {
    return methods;
  }

  CallFailures failures() {
    return failures;
  }

  int maxMessage() {
    return (int) settings.maxMessage().toBytes();
  }

  /// How long a request may take to arrive, and its answer to be taken.
  Duration arriving() {
    return settings.handshake();
  }

  /// How long a connection may be without a request.
  Duration idle() {
    return settings.idle();
  }
}
