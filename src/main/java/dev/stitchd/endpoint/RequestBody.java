package dev.stitchd.endpoint;

import dev.stitchd.kernel.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Arrays;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/// A body that fits in memory while it arrives.
final class RequestBody {

  /// A body may be announced and never sent.
  private static final int AT_FIRST = 16_384;

  private static final byte[] NOTHING = {};

  private final int most;
  private byte[] bytes;
  private int length;

  private RequestBody(int most, long announced) {
    this.most = most;
    this.bytes = announced <= 0 ? NOTHING : new byte[Math.clamp(announced, 0, AT_FIRST)];
  }

  /// The body of a request, on the connection's event loop when its last byte is there. Fails with
  /// [Problem.TooLarge], if possible before anything is read.
  static Mono<RequestBody> of(HttpServerRequest request, int most) {
    long announced = announced(request);
    return announced > most
        ? Mono.error(tooLarge(most))
        : request.receiveObject().collect(() -> new RequestBody(most, announced), RequestBody::add);
  }

  byte[] bytes() {
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }

  /// The piece is released by whoever gave it.
  private void add(Object piece) {
    var buffer = piece instanceof ByteBufHolder holder ? holder.content() : (ByteBuf) piece;
    int more = buffer.readableBytes();
    if (length + more > most) {
      throw tooLarge(most);
    }
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.min(most, Math.max(length + more, 2 * bytes.length)));
    }
    buffer.readBytes(bytes, length, more);
    length += more;
  }

  /// -1 for a body that does not say how long it is.
  private static long announced(HttpServerRequest request) {
    var text = request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH);
    try {
      return text == null ? -1 : Long.parseLong(text);
    } catch (NumberFormatException _) {
      return -1; // the codec has refused it
    }
  }

  private static Problem tooLarge(int most) {
    return new Problem.TooLarge("the request body is larger than " + most + " bytes");
  }
}
