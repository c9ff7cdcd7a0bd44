package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.SdkRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/// How a request becomes a stream, whatever the stream carries: everything that can be refused is
/// refused before the head of the answer is sent.
final class Entrance {

  private final Places places;
  private final Drain drain;

  Entrance(Places places, Drain drain) {
    this.places = places;
    this.drain = drain;
  }

  /// Takes a place for as long as the stream is written, which must begin.
  ///
  /// @param ofItsKind the gauges that count it
  /// @param write begins with the head of the answer, and completes when the stream has ended
  /// @throws dev.stitchd.kernel.Problem if there is no place, or none any more
  Mono<Void> enter(
      SdkCaller caller,
      OpenStreams ofItsKind,
      SdkRequest request,
      Function<NettyOutlet, Mono<Void>> write) {
    drain.refuseIfDraining();
    places.enter(caller, ofItsKind);
    var head = request.response().responseHeaders();
    head.set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
    head.set("X-Accel-Buffering", "no");
    return write.apply(NettyOutlet.of(request)).doFinally(_ -> places.leave(caller, ofItsKind));
  }
}
