package dev.stitchd.membership;

import dev.stitchd.door.Known;
import dev.stitchd.door.ShortWay;
import dev.stitchd.segment.Memberships;
import dev.stitchd.snapshot.Snapshot;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/// Short questions of known callers, whose bodies say how long they are.
@Component
final class MembershipDoor implements ShortWay {

  /// In bytes; a longer body costs more than the machinery that this saves.
  private static final int SHORT = 16_384;

  private final Memberships memberships;
  private final DoorSettings settings;

  MembershipDoor(Memberships memberships, DoorSettings settings) {
    this.memberships = memberships;
    this.settings = settings;
  }

  @Override
  public HttpMethod method() {
    return HttpMethod.POST;
  }

  @Override
  public String path() {
    return MembershipFilter.PATH;
  }

  @Override
  public @Nullable Publisher<Void> answer(
      Known known, HttpServerRequest request, HttpServerResponse response) {
    return isShort(request.requestHeaders()) && response instanceof Connection connection
        ? answer(known.snapshot(), request, response, connection.channel().eventLoop())
        : null;
  }

  private boolean isShort(HttpHeaders headers) {
    var length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
    return length != null
        && length.length() <= 5
        && Integer.parseInt(length) <= Math.min(SHORT, settings.maxBody().toBytes())
        && !headers.contains(HttpHeaderNames.EXPECT);
  }

  private Mono<Void> answer(
      Snapshot snapshot, HttpServerRequest request, HttpServerResponse response, Executor loop) {
    return request
        .receive()
        .aggregate()
        .asByteArray()
        .defaultIfEmpty(new byte[0])
        .map(body -> Question.read(body, snapshot.ruleset()))
        .flatMap(question -> Answer.to(question, snapshot, memberships))
        .publishOn(Schedulers.fromExecutor(loop))
        .flatMap(body -> send(body, response));
  }

  private static Mono<Void> send(byte[] body, HttpServerResponse response) {
    return response
        .header(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
        .header(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.length))
        .header(HttpHeaderNames.CACHE_CONTROL, MembershipFilter.CACHE_CONTROL)
        .header(HttpHeaderNames.VARY, MembershipFilter.VARY)
        .sendObject(Unpooled.wrappedBuffer(body))
        .then();
  }
}
