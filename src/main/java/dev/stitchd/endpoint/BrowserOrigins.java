package dev.stitchd.endpoint;

import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Problem;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// CORS for the routes that browsers call. A preflight carries no key, so it is answered
/// permissively; the request itself is held to the environment's setting `allowedOrigins`. The
/// answer to it, also a refusal, may be read by the page that asked: it holds nothing that the key
/// does not give.
final class BrowserOrigins {

  private static final AsciiString EXPOSED = AsciiString.cached("ETag, Retry-After");
  private static final AsciiString METHODS = AsciiString.cached("POST, GET, OPTIONS");
  private static final AsciiString HEADERS =
      AsciiString.cached(
          "content-type, authorization, x-api-key, if-none-match, content-encoding, stitchd-instance");
  private static final AsciiString VARY =
      AsciiString.cached("Origin, Access-Control-Request-Headers");

  /// As long as browsers remember at most.
  private static final AsciiString MAX_AGE_SECONDS = AsciiString.cached("7200");

  private BrowserOrigins() {}

  /// Whether a request with the method `OPTIONS` asks what a page may send.
  static boolean isPreflight(HttpHeaders request) {
    return request.contains(HttpHeaderNames.ORIGIN)
        && request.contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
  }

  /// What a page may send: everything that these routes read.
  static HttpAnswer preflight() {
    return HttpAnswer.empty(HttpResponseStatus.NO_CONTENT)
        .with(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .with(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .with(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, HEADERS)
        .with(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS)
        .with(HttpHeaderNames.VARY, VARY);
  }

  /// Lets the page that sent a request read the answer; does nothing if no browser sent it.
  static void expose(HttpHeaders request, HttpHeaders answer) {
    var origin = request.get(HttpHeaderNames.ORIGIN);
    if (origin != null) {
      answer.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
      answer.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
  }

  /// Holds a browser's request to `allowedOrigins`: a list of origins, `*` for all. Without the
  /// setting, public (client) keys may be used from everywhere and secret (server) keys from
  /// nowhere; a server key needs its origin listed by name.
  ///
  /// @param origin the request's; null if no browser sent it
  /// @param settings the environment's settings
  /// @throws Problem.Forbidden if the request names an origin that is not allowed
  static void check(@Nullable String origin, EnvironmentSettings settings, boolean publicKey) {
    if (origin != null && !isAllowed(origin, settings.allowedOrigins(), publicKey)) {
      throw new Problem.Forbidden(
          publicKey
              ? "this environment does not allow the origin " + origin
              : "a server key is secret and must not be used in a browser; use a client key");
    }
  }

  private static boolean isAllowed(
      String origin, @Nullable Set<String> allowed, boolean publicKey) {
    return allowed == null
        ? publicKey
        : allowed.contains(origin) || (publicKey && allowed.contains("*"));
  }
}
