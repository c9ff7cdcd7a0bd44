package dev.stitchd.boundary;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Reads request bodies that fit in memory, with a bound that is checked while they arrive.
public final class Bodies {

  private Bodies() {}

  /// A JSON body of at most `maxBytes`. Fails with [Problem.TooLarge], [Problem.UnsupportedMedia]
  /// for another media type, or [Problem.Malformed]. Parsed on the thread that delivered the last
  /// byte.
  public static Mono<JsonNode> json(ServerRequest request, int maxBytes) {
    if (!isJson(request)) {
      return Mono.error(new Problem.UnsupportedMedia("this route reads application/json"));
    }
    if (isCoded(request)) {
      return Mono.error(new Problem.UnsupportedMedia("this route reads bodies without a coding"));
    }
    return bytes(request, maxBytes).map(Json::parse);
  }

  /// A body of at most `maxBytes`, empty if there is none. Fails with [Problem.TooLarge].
  public static Mono<byte[]> bytes(ServerRequest request, int maxBytes) {
    return bytes(request.exchange().getRequest(), maxBytes);
  }

  /// As the other, for filters.
  public static Mono<byte[]> bytes(ServerHttpRequest request, int maxBytes) {
    if (request.getHeaders().getContentLength() > maxBytes) {
      return Mono.error(tooLarge(maxBytes));
    }
    return DataBufferUtils.join(request.getBody(), maxBytes)
        .map(Bodies::take)
        .defaultIfEmpty(new byte[0])
        .onErrorMap(DataBufferLimitException.class, _ -> tooLarge(maxBytes));
  }

  private static byte[] take(DataBuffer buffer) {
    var bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }

  private static Problem tooLarge(int maxBytes) {
    return new Problem.TooLarge("the request body is larger than " + maxBytes + " bytes");
  }

  private static boolean isJson(ServerRequest request) {
    try {
      var type = request.headers().contentType().orElse(MediaType.APPLICATION_JSON);
      return MediaType.APPLICATION_JSON.isCompatibleWith(type)
          || type.getSubtype().endsWith("json");
    } catch (InvalidMediaTypeException e) {
      return false;
    }
  }

  private static boolean isCoded(ServerRequest request) {
    var coding = request.headers().firstHeader(HttpHeaders.CONTENT_ENCODING);
    return coding != null && !coding.isBlank() && !coding.trim().equalsIgnoreCase("identity");
  }
}
