package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.SdkRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpVersion;
import reactor.core.publisher.Mono;

/// How a request becomes a stream, whatever the stream carries and over whatever connection: it
/// counts with the node's limits, lives by heartbeats, and ends by age, by the end of its key or
/// environment, because its client takes nothing, or because the node drains. Safe from any thread.
public final class EventStreams {

  private final StreamLimits limits;
  private final Drain drain;
  private final StreamEngine engine;

  EventStreams(StreamLimits limits, Drain drain, StreamEngine engine) {
    this.limits = limits;
    this.drain = drain;
    this.engine = engine;
  }

  /// Completes when this node begins to drain; until then nothing. Whoever waits for something else
  /// answers then.
  public Mono<Void> draining() {
    return drain.begun();
  }

  /// Answers a request with a stream, which must begin at once. Completes when the stream has
  /// ended, for whatever reason; never fails once the answer's head was sent.
  ///
  /// @param request whose answer's head has not been sent
  /// @throws dev.stitchd.kernel.Problem if there is no place for another stream, or none any more
  public Mono<Void> serve(SdkCaller caller, StreamContent content, SdkRequest request) {
    drain.refuseIfDraining();
    limits.enter(caller, content.kind());
    content.begin();
    var response = request.response();
    var head = response.responseHeaders();
    head.set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
    head.set("X-Accel-Buffering", "no");
    boolean isHttp11 = request.connection().version().equals(HttpVersion.HTTP_1_1);
    return response
        .then()
        .then(engine.stream(caller, content, request.channel(), isHttp11))
        .doFinally(_ -> {
          content.end();
          limits.leave(caller, content.kind());
        });
  }
}
