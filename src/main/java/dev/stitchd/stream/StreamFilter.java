package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshot;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// `GET /sdk/v1/stream`, where the [StreamDoor] could not answer: keys and environments that are
/// not in memory yet, connections that are not plain HTTP/1.1, refusals. A filter, since a route's
/// machinery would stay in memory for as long as the connection does.
final class StreamFilter implements WebFilter {

  static final String PATH = "/sdk/v1/stream";

  private final Access access;
  private final Streams streams;
  private final Writing writing;
  private final Entrance entrance;
  private final Loops loops;
  private final StreamMeters meters;
  private final Deliveries deliveries;
  private final Instances instances;

  StreamFilter(
      Access access,
      Streams streams,
      Writing writing,
      Entrance entrance,
      Loops loops,
      StreamMeters meters,
      Deliveries deliveries,
      Instances instances) {
    this.access = access;
    this.streams = streams;
    this.writing = writing;
    this.entrance = entrance;
    this.loops = loops;
    this.meters = meters;
    this.deliveries = deliveries;
    this.instances = instances;
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
    return entrance.enter(
        caller,
        meters.open(),
        exchange,
        (snapshot, outlet) -> stream(caller, snapshot, exchange.getRequest(), outlet));
  }

  private Mono<Void> stream(
      SdkCaller caller, Snapshot snapshot, ServerHttpRequest request, NettyOutlet outlet) {
    var cursor = cursor(request);
    var header = request.getHeaders().getFirst(Instances.HEADER);
    var instance = instances.connected(snapshot, header, cursor);
    return write(caller, Cursor.parse(cursor), outlet).doFinally(_ -> gone(caller, instance));
  }

  private Mono<Void> write(SdkCaller caller, @Nullable Cursor resume, NettyOutlet outlet) {
    var codec = outlet.codec();
    if (codec != null) {
      return outlet.open().then(loops.stream(caller, resume, codec));
    }
    var trail = new Trail(caller.environment(), deliveries);
    return writing
        .write(streams.frames(caller, resume), outlet, trail::written)
        .doFinally(_ -> trail.ended());
  }

  private void gone(SdkCaller caller, @Nullable String instance) {
    if (instance != null) {
      instances.gone(caller.environment(), instance);
    }
  }

  private static @Nullable String cursor(ServerHttpRequest request) {
    var lastEvent = request.getHeaders().getFirst("Last-Event-ID");
    return lastEvent == null || lastEvent.isEmpty()
        ? request.getQueryParams().getFirst("since")
        : lastEvent;
  }
}
