package dev.stitchd.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.charset.StandardCharsets;

/// The transport that everything here runs on: epoll where there is one, else NIO.
final class Netty {

  private static final boolean EPOLL = Epoll.isAvailable();

  /// What the garbage collector frees: nobody knows when these are written for the last time, and
  /// Netty would report them as leaks.
  private static final ByteBufAllocator COLLECTED =
      new UnpooledByteBufAllocator(true, true, false);

  private Netty() {}

  static MultiThreadIoEventLoopGroup eventLoops(int count) {
    IoHandlerFactory handlers = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(count, handlers);
  }

  static Class<? extends ServerSocketChannel> serverChannel() {
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  static Bootstrap client(MultiThreadIoEventLoopGroup loops) {
    Class<? extends SocketChannel> channel =
        EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
    return new Bootstrap()
        .group(loops)
        .channel(channel)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000);
  }

  /// Bytes to be written any number of times as `retainedDuplicate()`.
  static ByteBuf shared(String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return Unpooled.unreleasableBuffer(COLLECTED.directBuffer(bytes.length).writeBytes(bytes));
  }
}
