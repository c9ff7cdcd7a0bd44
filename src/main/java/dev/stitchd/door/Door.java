package dev.stitchd.door;

import dev.stitchd.boundary.Failures;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.reactor.netty.NettyRouteProvider;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/// Tries the short ways. Everything that they do not take, and every refusal of a key, goes the
/// long way through the filters.
@Component
final class Door implements NettyRouteProvider {

  private final Known.Memory memory;
  private final List<ShortWay> ways;
  private final Failures failures;
  private final ObjectProvider<HttpHandler> rest;
  private volatile @Nullable
      BiFunction<HttpServerRequest, HttpServerResponse, ? extends Publisher<Void>>
      filters;

  /// @param rest the handler of everything else, which is made after this
  Door(
      Known.Memory memory,
      List<ShortWay> ways,
      Failures failures,
      ObjectProvider<HttpHandler> rest) {
    this.memory = memory;
    this.ways = ways;
    this.failures = failures;
    this.rest = rest;
  }

  @Override
  public HttpServerRoutes apply(HttpServerRoutes routes) {
    ways.forEach(way -> {
      var _ = routes.route(request -> asks(request, way), through(way));
    });
    return routes;
  }

  private static boolean asks(HttpServerRequest request, ShortWay way) {
    var uri = request.uri();
    var path = way.path();
    return uri.startsWith(path)
        && (uri.length() == path.length() || uri.charAt(path.length()) == '?')
        && request.method().equals(way.method());
  }

  private BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> through(ShortWay way) {
    return (request, response) -> {
      var known = memory.of(request);
      var answer = known == null ? null : way.answer(known, request, response);
      return answer == null
          ? theLongWay(request, response)
          : Mono.from(answer)
              .onErrorResume(
                  _ -> !response.hasSentHeaders(), failure -> refuse(failure, way, response));
    };
  }

  private Mono<Void> refuse(Throwable failure, ShortWay way, HttpServerResponse response) {
    var answer = failures.refusal(failure, way.method().name(), way.path());
    response
        .status(answer.status().value())
        .header(HttpHeaderNames.CONTENT_TYPE, "application/problem+json")
        .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
        .header(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(answer.body().length));
    answer.headers().forEach(response::header);
    return response.sendByteArray(Mono.just(answer.body())).then();
  }

  private Publisher<Void> theLongWay(HttpServerRequest request, HttpServerResponse response) {
    var handler = filters;
    if (handler == null) {
      handler = new ReactorHttpHandlerAdapter(rest.getObject());
      filters = handler;
    }
    return handler.apply(request, response);
  }
}
