package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import tools.jackson.databind.JsonNode;

/// CORS for the routes that browsers call. A preflight carries no key, so it is answered
/// permissively; the request itself is held to the environment's setting `allowedOrigins`. The
/// answer to it, also a refusal, may be read by the page that asked: it holds nothing that the key
/// does not give.
public final class BrowserOrigins {

  private static final String EXPOSED = "ETag, Retry-After";

  private BrowserOrigins() {}

  /// Lets the page that sent a request read the answer; does nothing if no browser sent it.
  public static void expose(HttpHeaders request, HttpHeaders answer) {
    var origin = request.getOrigin();
    if (origin != null) {
      answer.set(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
      answer.set(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
  }

  /// Holds a browser's request to `allowedOrigins`: a list of origins, `*` for all. Without the
  /// setting, public (client) keys may be used from everywhere and secret (server) keys from
  /// nowhere; a server key needs its origin listed by name.
  ///
  /// @param settings the environment's settings
  /// @throws Problem.Forbidden if the request names an origin that is not allowed
  public static void check(HttpHeaders request, JsonNode settings, boolean publicKey) {
    var origin = request.getOrigin();
    if (origin != null && !isAllowed(origin, settings.get("allowedOrigins"), publicKey)) {
      throw new Problem.Forbidden(
          publicKey
              ? "this environment does not allow the origin " + origin
              : "a server key is secret and must not be used in a browser; use a client key");
    }
  }

  private static boolean isAllowed(String origin, @Nullable JsonNode allowed, boolean publicKey) {
    if (allowed == null || !allowed.isArray()) {
      return publicKey;
    }
    for (var entry : allowed) {
      var text = entry.asString("");
      if (text.equals(origin) || (publicKey && text.equals("*"))) {
        return true;
      }
    }
    return false;
  }
}
