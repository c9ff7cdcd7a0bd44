package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.snapshot.Snapshots;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// How a request becomes a stream, whatever the stream carries: everything that can be refused is
/// refused before the head of the answer is sent.
final class Entrance {

  private final Snapshots snapshots;
  private final Writing writing;
  private final Places places;
  private final Drain drain;

  Entrance(Snapshots snapshots, Writing writing, Places places, Drain drain) {
    this.snapshots = snapshots;
    this.writing = writing;
    this.places = places;
    this.drain = drain;
  }

  /// Takes a place, and writes these frames until they or the connection end.
  Mono<Void> enter(SdkCaller caller, ServerWebExchange exchange, Flux<Frame> frames) {
    return Mono.usingWhen(
        Mono.fromCallable(() -> place(caller)),
        place -> serve(place, exchange, frames),
        place -> Mono.fromRunnable(() -> places.leave(place)));
  }

  private SdkCaller place(SdkCaller caller) {
    drain.refuseIfDraining();
    places.enter(caller);
    return caller;
  }

  /// Loads first, so that a failure can still be answered as one.
  private Mono<Void> serve(SdkCaller caller, ServerWebExchange exchange, Flux<Frame> frames) {
    return snapshots.current(caller.environment()).flatMap(_ -> stream(exchange, frames));
  }

  private Mono<Void> stream(ServerWebExchange exchange, Flux<Frame> frames) {
    var headers = exchange.getResponse().getHeaders();
    headers.set("Content-Type", "text/event-stream");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Accel-Buffering", "no");
    headers.set("Vary", SdkHeaders.VARY);
    return writing.write(frames, NettyOutlet.of(exchange.getResponse()));
  }
}
