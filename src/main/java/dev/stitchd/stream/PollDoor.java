package dev.stitchd.stream;

import dev.stitchd.door.Known;
import dev.stitchd.door.ShortWay;
import dev.stitchd.snapshot.Snapshot;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/// Polls without parameters: everything, or that nothing changed, from bytes that exist.
final class PollDoor implements ShortWay {

  private static final AsciiString CACHE_CONTROL = AsciiString.cached(SdkHeaders.CACHE_CONTROL);
  private static final AsciiString VARY = AsciiString.cached(SdkHeaders.VARY);

  private final Editions editions;
  private final Loops loops;
  private final StreamMeters meters;
  private final StreamSettings settings;

  PollDoor(Editions editions, Loops loops, StreamMeters meters, StreamSettings settings) {
    this.editions = editions;
    this.loops = loops;
    this.meters = meters;
    this.settings = settings;
  }

  @Override
  public HttpMethod method() {
    return HttpMethod.GET;
  }

  @Override
  public String path() {
    return ConfigFilter.PATH;
  }

  @Override
  public @Nullable Publisher<Void> answer(
      Known known, HttpServerRequest request, HttpServerResponse response) {
    if (request.uri().length() != ConfigFilter.PATH.length()) {
      return null;
    }
    var edition = editions.of(known.snapshot());
    var headers = request.requestHeaders();
    var has = headers.get(HttpHeaderNames.IF_NONE_MATCH);
    if (has != null && edition.etag().contentEquals(has)) {
      return unchanged(edition, response);
    }
    return has == null || isSimple(has)
        ? everything(known.snapshot(), edition, headers, response)
        : null;
  }

  /// One strong tag, which is another than the current one.
  private static boolean isSimple(String tag) {
    return tag.startsWith("\"") && tag.indexOf(',') < 0;
  }

  private Publisher<Void> unchanged(Edition edition, HttpServerResponse response) {
    meters.unchanged();
    head(edition, response);
    return response.status(HttpResponseStatus.NOT_MODIFIED).send();
  }

  private @Nullable Publisher<Void> everything(
      Snapshot snapshot, Edition edition, HttpHeaders headers, HttpServerResponse response) {
    var body = edition.put(snapshot);
    var coding = coding(body, headers);
    var bytes = body.ready(coding);
    if (bytes == null) {
      return null;
    }
    meters.polled(body.frame().kind());
    head(edition, response);
    response
        .header(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
        .header(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(bytes.remaining()));
    if (coding != Coding.IDENTITY) {
      response.header(HttpHeaderNames.CONTENT_ENCODING, coding.token());
    }
    return send(snapshot, body, coding, bytes, response);
  }

  private Publisher<Void> send(
      Snapshot snapshot, Body body, Coding coding, ByteBuffer bytes, HttpServerResponse response) {
    if (!(response instanceof Connection connection)) {
      throw new IllegalStateException("an answer of Reactor Netty is a connection");
    }
    var bodies = loops.at(connection.channel().eventLoop()).bodies();
    return response.sendObject(bodies.of(snapshot.environment(), body, coding, bytes)).then();
  }

  private Coding coding(Body body, HttpHeaders headers) {
    return body.length() < settings.compressFrom().toBytes()
            || !headers.contains(HttpHeaderNames.ACCEPT_ENCODING)
        ? Coding.IDENTITY
        : Coding.of(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING));
  }

  private static void head(Edition edition, HttpServerResponse response) {
    response
        .header(HttpHeaderNames.ETAG, edition.etag())
        .header(HttpHeaderNames.CACHE_CONTROL, CACHE_CONTROL)
        .header(HttpHeaderNames.VARY, VARY);
  }
}
