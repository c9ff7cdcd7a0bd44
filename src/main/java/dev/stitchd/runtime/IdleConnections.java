package dev.stitchd.runtime;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.channel.ChannelOperations;

/// Closes connections that wait too long for their next request.
///
/// Reactor Netty's own idle timeout puts a handler with a timer into the pipeline after every
/// answer and takes it out again before every request, which cost more than finding the key (no
/// upstream issue is known). This one stays where it is and only notes when something was written.
@Component
final class IdleConnections implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private final Duration idle;

  IdleConnections(HttpSettings settings) {
    this.idle = settings.idle();
  }

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    server.addServerCustomizers(
        http -> http.doOnChannelInit((_, channel, _) -> watch(channel, idle)));
  }

  static void watch(Channel channel, Duration idle) {
    channel.pipeline().addFirst(new Watch(idle.toNanos()));
  }

  /// One connection's. What is read does not count: half a request is no request, and a whole one
  /// keeps the connection busy until it is answered.
  private static final class Watch extends ChannelDuplexHandler {

    private final long idleNanos;
    private long lastWritten = System.nanoTime();
    private boolean wasBusy;
    private @Nullable Future<?> next;

    private Watch(long idleNanos) {
      this.idleNanos = idleNanos;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      lookAgain(context, idleNanos);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
      if (next != null) {
        next.cancel(false);
      }
    }

    @Override
    public void flush(ChannelHandlerContext context) {
      lastWritten = System.nanoTime();
      context.flush();
    }

    private void look(ChannelHandlerContext context) {
      long now = System.nanoTime();
      if (isBusy(context.channel())) {
        wasBusy = true;
      } else if (wasBusy) { // who knows for how long it has waited
        wasBusy = false;
        lastWritten = now;
      }
      long quiet = wasBusy ? 0 : now - lastWritten;
      if (quiet < idleNanos) {
        lookAgain(context, idleNanos - quiet);
      } else {
        // from the other end of the pipeline, so that HTTP/2 and TLS say goodbye
        var _ = context.channel().close();
      }
    }

    private void lookAgain(ChannelHandlerContext context, long nanos) {
      next = context.executor().schedule(() -> look(context), nanos, NANOSECONDS);
    }

    private static boolean isBusy(Channel channel) {
      var http2 = channel.pipeline().get(Http2ConnectionHandler.class);
      return http2 == null
          ? ChannelOperations.get(channel) != null
          : http2.connection().numActiveStreams() > 0;
    }
  }
}
