package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
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
  private final Snapshots snapshots;
  private final Streams streams;
  private final Writing writing;
  private final Places places;
  private final Drain drain;
  private final Deliveries deliveries;
  private final Instances instances;

  StreamFilter(
      Access access,
      Snapshots snapshots,
      Streams streams,
      Writing writing,
      Places places,
      Drain drain,
      Deliveries deliveries,
      Instances instances) {
    this.access = access;
    this.snapshots = snapshots;
    this.streams = streams;
    this.writing = writing;
    this.places = places;
    this.drain = drain;
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
    return Mono.usingWhen(
        Mono.fromCallable(() -> place(caller)),
        place -> serve(place, exchange),
        place -> Mono.fromRunnable(() -> places.leave(place)));
  }

  private SdkCaller place(SdkCaller caller) {
    drain.refuseIfDraining();
    places.enter(caller);
    return caller;
  }

  /// Loads first, so that a failure can still be answered as one.
  private Mono<Void> serve(SdkCaller caller, ServerWebExchange exchange) {
    return snapshots
        .current(caller.environment())
        .flatMap(snapshot -> stream(caller, snapshot, exchange));
  }

  private Mono<Void> stream(SdkCaller caller, Snapshot snapshot, ServerWebExchange exchange) {
    var headers = exchange.getResponse().getHeaders();
    headers.set("Content-Type", "text/event-stream");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Accel-Buffering", "no");
    headers.set("Vary", SdkHeaders.VARY);
    var cursor = cursor(exchange.getRequest());
    var trail = new Trail(caller.environment(), deliveries);
    var instance = instances.connected(snapshot, header(exchange), cursor);
    return writing
        .write(
            streams.frames(caller, Cursor.parse(cursor)),
            NettyOutlet.of(exchange.getResponse()),
            trail::written)
        .doFinally(_ -> end(caller, trail, instance));
  }

  private static @Nullable String header(ServerWebExchange exchange) {
    return exchange.getRequest().getHeaders().getFirst(Instances.HEADER);
  }

  private void end(SdkCaller caller, Trail trail, @Nullable String instance) {
    trail.ended();
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
