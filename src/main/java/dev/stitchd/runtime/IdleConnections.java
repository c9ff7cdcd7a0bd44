package dev.stitchd.runtime;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Stream;
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

  /// One connection's. What is read does not count: half of a request's head is no request, and
  /// from its head on a request keeps the connection busy until it is answered, however slowly its
  /// body comes. Of HTTP/2, where answers to pings are written too, the ends of requests count.
  private static final class Watch extends ChannelDuplexHandler {

    private final long idleNanos;
    private long lastActive = System.nanoTime();
    private boolean wasBusy;
    private boolean isHttp2;
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
      if (!isHttp2) {
        lastActive = System.nanoTime();
      }
      context.flush();
    }

    private void look(ChannelHandlerContext context) {
      long now = System.nanoTime();
      if (isBusy(context.channel())) {
        wasBusy = true;
      } else if (wasBusy) { // who knows for how long it has waited
        wasBusy = false;
        lastActive = now;
      }
      long quiet = wasBusy ? 0 : now - lastActive;
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

    private boolean isBusy(Channel channel) {
      var http2 = channel.pipeline().get(Http2ConnectionHandler.class);
      if (http2 == null) {
        return ChannelOperations.get(channel) != null;
      }
      var connection = http2.connection();
      if (!isHttp2) {
        isHttp2 = true;
        connection.addListener(new EndsOfRequests());
      }
      return connection.numActiveStreams() > 0;
    }

    private final class EndsOfRequests extends Http2ConnectionAdapter {

      @Override
      public void onStreamRemoved(Http2Stream stream) {
        lastActive = System.nanoTime();
      }
    }
  }
}
