package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// `GET /sdk/v1/stream`. A filter, since a route's machinery would stay in memory for as long as
/// the connection does.
final class StreamFilter implements WebFilter {

  static final String PATH = "/sdk/v1/stream";

  private final Access access;
  private final Streams streams;
  private final Writing writing;
  private final Entrance entrance;

  StreamFilter(Access access, Streams streams, Writing writing, Entrance entrance) {
    this.access = access;
    this.streams = streams;
    this.writing = writing;
    this.entrance = entrance;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    if (!HttpMethod.GET.equals(request.getMethod()) || !request.getPath().value().equals(PATH)) {
      return chain.filter(exchange);
    }
    SdkHeaders.nameRoute(exchange, PATH);
    return access.serverSdk(request).flatMap(caller -> enter(caller, exchange));
  }

  private Mono<Void> enter(SdkCaller caller, ServerWebExchange exchange) {
    var resume = Cursor.parse(cursor(exchange.getRequest()));
    return entrance.enter(
        caller, exchange, outlet -> writing.write(streams.frames(caller, resume), outlet));
  }

  private static @Nullable String cursor(ServerHttpRequest request) {
    var lastEvent = request.getHeaders().getFirst("Last-Event-ID");
    return lastEvent == null || lastEvent.isEmpty()
        ? request.getQueryParams().getFirst("since")
        : lastEvent;
  }
}
