package dev.stitchd.runtime;

import io.netty.channel.EventLoop;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;

/// Has every answer begin on its connection's event loop, whichever thread found it.
///
/// Reactor Netty stops reading from a connection if an answer is completed on another thread, the
/// client's next request arrives before the loop has tidied up, and that one is answered at once:
/// the request after it would wait until the client gives up
/// (https://github.com/reactor/reactor-netty/issues/4361).
@Component
final class OnTheLoop implements HttpHandlerDecoratorFactory {

  @Override
  public HttpHandler apply(HttpHandler handler) {
    return (request, response) -> handler.handle(request, onTheLoop(response));
  }

  private static ServerHttpResponse onTheLoop(ServerHttpResponse response) {
    Object answer = ServerHttpResponseDecorator.getNativeResponse(response);
    return answer instanceof Connection connection
        ? new Answer(response, connection.channel().eventLoop())
        : response;
  }

  private static final class Answer extends ServerHttpResponseDecorator {

    private final EventLoop loop;

    private Answer(ServerHttpResponse response, EventLoop loop) {
      super(response);
      this.loop = loop;
    }

    @Override
    public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
      return there(super.writeWith(body));
    }

    @Override
    public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
      return there(super.writeAndFlushWith(body));
    }

    @Override
    public Mono<Void> setComplete() {
      return there(super.setComplete());
    }

    /// No hop for those that are there already, which most are.
    private Mono<Void> there(Mono<Void> writing) {
      return Mono.defer(
          () -> loop.inEventLoop() ? writing : writing.subscribeOn(Schedulers.fromExecutor(loop)));
    }
  }
}
