package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;

/// The second ceiling, one floor up: raw Reactor Netty, the HTTP server that WebFlux sits on,
/// answering polling and evaluation with shared buffers and nothing above it.
public final class RawReactorNettyServer {

  private static final int EVENT_LOOPS = 2;

  private final CeilingProjects projects = new CeilingProjects();
  private final Map<String, ByteBuf> bodies = new ConcurrentHashMap<>();
  private final ByteBuf evaluated = Netty.shared(PlainNettyServer.EVALUATION);

  private RawReactorNettyServer() {}

  /// @param arguments `--port=`, 0 for a free one
  public static void main(String[] arguments) {
    var options = new Options(arguments, 0);
    var port = options.number("port", 8091);
    options.complete();
    var door = new RawReactorNettyServer();
    var server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(port)
            .runOn(LoopResources.create("ceiling", 1, EVENT_LOOPS, true))
            .handle(door::answer)
            .bindNow();
    System.out.println("raw Reactor Netty listens on http://127.0.0.1:" + server.port());
    server.onDispose().block();
  }

  private Publisher<Void> answer(HttpServerRequest request, HttpServerResponse response) {
    if (request.uri().startsWith("/api/")) {
      return request
          .receive()
          .aggregate()
          .asString()
          .defaultIfEmpty("")
          .flatMap(body -> manage(request, response, body));
    }
    response
        .header("Cache-Control", "private, no-cache")
        .header("Vary", "Authorization, X-API-Key, Accept-Encoding");
    var project = projects.byKey(request.requestHeaders().get("Authorization"));
    if (project == null) {
      return response.status(HttpResponseStatus.UNAUTHORIZED).send();
    }
    if (request.uri().startsWith("/ofrep/")) {
      return request.receive().then(Mono.defer(() -> json(response, evaluated)));
    }
    var texts = project.texts();
    response.header("ETag", texts.etag());
    return texts.etag().equals(request.requestHeaders().get("If-None-Match"))
        ? response.status(HttpResponseStatus.NOT_MODIFIED).send()
        : json(response, bodies.computeIfAbsent(texts.config(), Netty::shared));
  }

  private static Mono<Void> json(HttpServerResponse response, ByteBuf body) {
    return response
        .header("Content-Type", "application/json")
        .header("Content-Length", Integer.toString(body.readableBytes()))
        .sendObject(body.retainedDuplicate())
        .then();
  }

  private Mono<Void> manage(HttpServerRequest request, HttpServerResponse response, String body) {
    var answer = projects.manage(request.method().name(), request.uri(), body);
    return response
        .status(answer.status())
        .header("Stitchd-Revision", "bench=" + answer.revision())
        .sendString(Mono.just(answer.body()))
        .then();
  }
}
