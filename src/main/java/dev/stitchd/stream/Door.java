package dev.stitchd.stream;

import io.netty.handler.codec.http.HttpMethod;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.boot.reactor.netty.NettyRouteProvider;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/// The short way into the SDK plane: streams and polls of keys and environments that are in memory
/// are served by the HTTP server itself. Everything else, and every refusal of a key, takes the
/// long way through the filters, which answer the same.
final class Door implements NettyRouteProvider {

  /// One route: an answer, or null if the long way must be taken.
  interface Route {
    @Nullable Publisher<Void> answer(
        Known known, HttpServerRequest request, HttpServerResponse response);
  }

  private final Known.Memory memory;
  private final Route polls;
  private final Route streams;
  private final Supplier<
          BiFunction<HttpServerRequest, HttpServerResponse, ? extends Publisher<Void>>>
      rest;
  private volatile @Nullable
      BiFunction<HttpServerRequest, HttpServerResponse, ? extends Publisher<Void>>
      filters;

  /// @param rest makes the handler of everything else, when it is first needed
  Door(
      Known.Memory memory,
      Route polls,
      Route streams,
      Supplier<BiFunction<HttpServerRequest, HttpServerResponse, ? extends Publisher<Void>>> rest) {
    this.memory = memory;
    this.polls = polls;
    this.streams = streams;
    this.rest = rest;
  }

  @Override
  public HttpServerRoutes apply(HttpServerRoutes routes) {
    return routes
        .route(request -> asks(request, ConfigFilter.PATH), through(polls))
        .route(request -> asks(request, StreamFilter.PATH), through(streams));
  }

  private static boolean asks(HttpServerRequest request, String path) {
    var uri = request.uri();
    return uri.startsWith(path)
        && (uri.length() == path.length() || uri.charAt(path.length()) == '?')
        && request.method().equals(HttpMethod.GET);
  }

  private BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> through(Route route) {
    return (request, response) -> {
      var known = memory.of(request);
      var answer = known == null ? null : route.answer(known, request, response);
      return answer == null ? theLongWay(request, response) : answer;
    };
  }

  private Publisher<Void> theLongWay(HttpServerRequest request, HttpServerResponse response) {
    var handler = filters;
    if (handler == null) {
      handler = rest.get();
      filters = handler;
    }
    return handler.apply(request, response);
  }
}
