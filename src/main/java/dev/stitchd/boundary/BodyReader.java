package dev.stitchd.boundary;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Reads request bodies that fit in memory, with a bound that is checked while they arrive.
public final class BodyReader {

  private BodyReader() {}

  /// A JSON body of at most `maxBytes`. Fails with [Problem.TooLarge], [Problem.UnsupportedMedia]
  /// for another media type, or [Problem.Malformed]. Parsed on the thread that delivered the last
  /// byte.
  public static Mono<JsonNode> json(ServerRequest request, int maxBytes) {
    return json(request, maxBytes, Json::parse);
  }

  /// As the other, but for one field of the body, which [Json#parseExcept] leaves as it is.
  public static Mono<JsonNode> jsonExcept(ServerRequest request, int maxBytes, String field) {
    return json(request, maxBytes, bytes -> Json.parseExcept(bytes, field));
  }

  private static Mono<JsonNode> json(
      ServerRequest request, int maxBytes, Function<byte[], JsonNode> parse) {
    var headers = request.headers();
    return Mono.fromRunnable(() ->
            checkJson(
                headers.firstHeader(HttpHeaders.CONTENT_TYPE),
                headers.firstHeader(HttpHeaders.CONTENT_ENCODING)))
        .then(bytes(request, maxBytes).map(parse));
  }

  /// Refuses a body that is not plain JSON, by its headers.
  ///
  /// @throws Problem.UnsupportedMedia if it is not
  public static void checkJson(@Nullable String contentType, @Nullable String contentEncoding) {
    if (!isJson(contentType)) {
      throw new Problem.UnsupportedMedia("this route reads application/json");
    }
    if (isCoded(contentEncoding)) {
      throw new Problem.UnsupportedMedia("this route reads bodies without a coding");
    }
  }

  /// A body of at most `maxBytes`, empty if there is none. Fails with [Problem.TooLarge].
  public static Mono<byte[]> bytes(ServerRequest request, int maxBytes) {
    var received = request.exchange().getRequest();
    if (received.getHeaders().getContentLength() > maxBytes) {
      return Mono.error(tooLarge(maxBytes));
    }
    return DataBufferUtils.join(received.getBody(), maxBytes)
        .map(BodyReader::take)
        .defaultIfEmpty(new byte[0])
        .onErrorMap(DataBufferLimitException.class, _ -> tooLarge(maxBytes));
  }

  /// The bytes of a buffer, which is released.
  public static byte[] take(DataBuffer buffer) {
    var bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }

  private static Problem tooLarge(int maxBytes) {
    return new Problem.TooLarge("the request body is larger than " + maxBytes + " bytes");
  }

  private static boolean isJson(@Nullable String contentType) {
    if (contentType == null) {
      return true;
    }
    try {
      var type = MediaType.parseMediaType(contentType);
      return MediaType.APPLICATION_JSON.isCompatibleWith(type)
          || type.getSubtype().endsWith("json");
    } catch (InvalidMediaTypeException _) {
      return false;
    }
  }

  private static boolean isCoded(@Nullable String coding) {
    return coding != null && !coding.isBlank() && !coding.trim().equalsIgnoreCase("identity");
  }
}
