package dev.stitchd.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/// Keep-alive connections that each send the next request when the answer to the last is complete:
/// no pipelining, so the load is as high as the server lets it be and never higher.
final class ClosedLoop implements AutoCloseable {

  /// What one connection asks and what it makes of the answers. Called on the connection's event
  /// loop only.
  interface Conversation {

    /// The next request, to be released by whoever writes it; null ends the conversation.
    ByteBuf next();

    /// An answer is complete. Throwing ends the whole run.
    void answered(ResponseReader response);

    /// How long to wait before the next request; asked after each answer.
    default long pauseMillis() {
      return 0;
    }
  }

  /// What was measured between two moments.
  ///
  /// @param answers complete answers
  /// @param seconds how long it took
  /// @param latencies of all answers, in nanoseconds
  /// @param bytes of the last answer that was counted, head included
  record Measured(long answers, double seconds, long[] latencies, long bytes) {

    double perSecond() {
      return answers / seconds;
    }
  }

  private final MultiThreadIoEventLoopGroup loops;
  private final List<Connection> connections = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean measuring;
  private volatile boolean stopped;

  /// Connects all at once; the conversations start with [#start()].
  ///
  /// @param count connections
  /// @param threads event loops of the client
  /// @param keepBodies whether conversations look at bodies
  /// @param conversations makes the conversation of connection n
  ClosedLoop(
      Address address,
      int count,
      int threads,
      boolean keepBodies,
      IntFunction<Conversation> conversations) {
    this.loops = Netty.eventLoops(threads);
    Bootstrap client =
        Netty.client(loops)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {}
                });
    for (var i = 0; i < count; i++) {
      var connection = new Connection(conversations.apply(i), keepBodies);
      var channel = client.connect(address.socket()).syncUninterruptibly().channel();
      connection.channel = channel;
      channel.pipeline().addLast(connection);
      connections.add(connection);
    }
  }

  void start() {
    for (var connection : connections) {
      connection.channel.eventLoop().execute(connection::ask);
    }
  }

  /// Lets the conversations go on for a while and throws if one of them failed.
  ///
  /// @param seconds how long
  /// @param count whether to count and keep latencies
  Measured run(int seconds, boolean count) throws InterruptedException {
    connections.forEach(Connection::reset);
    var start = System.nanoTime();
    measuring = count;
    for (var end = start + TimeUnit.SECONDS.toNanos(seconds); System.nanoTime() < end; ) {
      throwIfFailed();
      Thread.sleep(Math.clamp(TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()), 0, 100));
    }
    measuring = false;
    var took = (System.nanoTime() - start) / 1e9;
    throwIfFailed();
    return measured(took);
  }

  /// Waits until every conversation has ended by itself; counts from the start.
  ///
  /// @param seconds how long at most
  Measured runToEnd(int seconds) throws InterruptedException {
    measuring = true;
    var start = System.nanoTime();
    start();
    var end = start + TimeUnit.SECONDS.toNanos(seconds);
    while (!connections.stream().allMatch(c -> c.ended)) {
      throwIfFailed();
      if (System.nanoTime() > end) {
        throw new IllegalStateException("not finished after " + seconds + " s");
      }
      Thread.sleep(5);
    }
    return measured((System.nanoTime() - start) / 1e9);
  }

  @Override
  public void close() {
    stopped = true;
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
  }

  private Measured measured(double seconds) throws InterruptedException {
    // let answers that arrived while the flag was cleared finish, then read what each event loop
    // wrote
    var all = new LongList();
    long bytes = 0;
    for (var connection : connections) {
      var latencies =
          connection.channel.eventLoop().submit(connection.latencies::toArray).await().getNow();
      for (var latency : latencies) {
        all.add(latency);
      }
      bytes = Math.max(bytes, connection.bytes);
    }
    var latencies = all.toArray();
    return new Measured(latencies.length, seconds, latencies, bytes);
  }

  private void throwIfFailed() {
    var cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a connection failed: " + cause, cause);
    }
  }

  private final class Connection extends ChannelInboundHandlerAdapter {

    private final Conversation conversation;
    private final ResponseReader reader;
    private final LongList latencies = new LongList();
    private Channel channel;
    private long asked;
    private volatile long bytes;
    private volatile boolean ended;

    private Connection(Conversation conversation, boolean keepBody) {
      this.conversation = conversation;
      this.reader = new ResponseReader(keepBody);
    }

    private void reset() {
      channel.eventLoop().submit(latencies::clear).awaitUninterruptibly();
    }

    private void ask() {
      if (stopped) {
        return;
      }
      var request = conversation.next();
      if (request == null) {
        ended = true;
        return;
      }
      asked = System.nanoTime();
      channel.writeAndFlush(request, channel.voidPromise());
    }

    private void askLater(long millis) {
      if (millis == 0) {
        ask();
      } else {
        var _ = channel.eventLoop().schedule(this::ask, millis, TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var in = (ByteBuf) message;
      try {
        while (reader.read(in)) {
          if (measuring) {
            latencies.add(System.nanoTime() - asked);
            bytes = reader.responseBytes();
          }
          conversation.answered(reader);
          askLater(conversation.pauseMillis());
        }
      } finally {
        in.release();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (!stopped && !ended) {
        failure.compareAndSet(null, new IllegalStateException("the server closed a connection"));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!stopped) {
        failure.compareAndSet(null, cause);
      }
      context.close();
    }
  }
}
