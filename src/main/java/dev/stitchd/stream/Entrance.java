package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.function.BiFunction;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/// How a request becomes a stream, whatever the stream carries: everything that can be refused is
/// refused before the head of the answer is sent.
final class Entrance {

  private final Snapshots snapshots;
  private final Places places;
  private final Drain drain;

  Entrance(Snapshots snapshots, Places places, Drain drain) {
    this.snapshots = snapshots;
    this.places = places;
    this.drain = drain;
  }

  /// Takes a place for as long as the stream is written.
  ///
  /// @param ofItsKind the gauges that count it
  /// @param write is given what there is to tell and begins with the head of the answer, and
  ///   completes when the stream has ended
  Mono<Void> enter(
      SdkCaller caller,
      OpenStreams ofItsKind,
      ServerWebExchange exchange,
      BiFunction<Snapshot, NettyOutlet, Mono<Void>> write) {
    return Mono.usingWhen(
        Mono.fromCallable(() -> place(caller, ofItsKind)),
        place -> serve(place, exchange, write),
        place -> Mono.fromRunnable(() -> places.leave(place, ofItsKind)));
  }

  private SdkCaller place(SdkCaller caller, OpenStreams ofItsKind) {
    drain.refuseIfDraining();
    places.enter(caller, ofItsKind);
    return caller;
  }

  /// Loads first, so that a failure can still be answered as one.
  private Mono<Void> serve(
      SdkCaller caller,
      ServerWebExchange exchange,
      BiFunction<Snapshot, NettyOutlet, Mono<Void>> write) {
    return snapshots
        .current(caller.environment())
        .flatMap(snapshot -> write.apply(snapshot, outlet(exchange.getResponse())));
  }

  private static NettyOutlet outlet(ServerHttpResponse response) {
    var headers = response.getHeaders();
    headers.set("Content-Type", "text/event-stream");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Accel-Buffering", "no");
    headers.set("Vary", SdkHeaders.VARY);
    return NettyOutlet.of(response);
  }
}
