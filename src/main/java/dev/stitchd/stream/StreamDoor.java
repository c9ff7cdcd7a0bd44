package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.door.Known;
import dev.stitchd.door.ShortWay;
import dev.stitchd.kernel.Problem;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/// Streams on plain HTTP/1.1: all that stays in memory is the connection and its place.
final class StreamDoor implements ShortWay {

  private final Loops loops;
  private final Places places;
  private final Drain drain;

  StreamDoor(Loops loops, Places places, Drain drain) {
    this.loops = loops;
    this.places = places;
    this.drain = drain;
  }

  @Override
  public HttpMethod method() {
    return HttpMethod.GET;
  }

  @Override
  public String path() {
    return StreamFilter.PATH;
  }

  @Override
  public @Nullable Publisher<Void> answer(
      Known known, HttpServerRequest request, HttpServerResponse response) {
    var codec =
        request.version().equals(HttpVersion.HTTP_1_1) && request instanceof Connection connection
            ? Loops.codecOf(connection.channel())
            : null;
    if (codec == null) {
      return null;
    }
    try {
      drain.refuseIfDraining();
      places.enter(known.caller());
    } catch (Problem refusal) {
      return Mono.error(refusal);
    }
    return serve(known.caller(), Cursor.parse(cursor(request)), codec, response);
  }

  private Mono<Void> serve(
      SdkCaller caller,
      @Nullable Cursor resume,
      ChannelHandlerContext codec,
      HttpServerResponse response) {
    response
        .header(HttpHeaderNames.CONTENT_TYPE, "text/event-stream")
        .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
        .header("X-Accel-Buffering", "no")
        .header(HttpHeaderNames.VARY, SdkHeaders.VARY);
    return response
        .then()
        .then(loops.stream(caller, resume, codec))
        .doFinally(_ -> places.leave(caller));
  }

  private static @Nullable String cursor(HttpServerRequest request) {
    var lastEvent = request.requestHeaders().get("Last-Event-ID");
    if (lastEvent != null && !lastEvent.isEmpty()) {
      return lastEvent;
    }
    if (request.uri().length() == StreamFilter.PATH.length()) {
      return null;
    }
    var since = new QueryStringDecoder(request.uri()).parameters().get("since");
    return since == null ? null : since.getFirst();
  }
}
