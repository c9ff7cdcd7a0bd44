package dev.stitchd.endpoint;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/// The routes of the SDK plane: who may call each, whether browsers may, and what all of its
/// answers say about caches. Everything else of the server is the management plane's.
public enum SdkRoute {
  STREAM(HttpMethod.GET, "/sdk/v1/stream", Callers.SERVER_KEYS, Origins.NONE, Caching.NEVER),
  CONFIG(HttpMethod.GET, "/sdk/v1/config", Callers.SERVER_KEYS, Origins.NONE, Caching.ASK),
  MEMBERSHIP(
      HttpMethod.POST,
      "/sdk/v1/segments/membership",
      Callers.SERVER_KEYS,
      Origins.NONE,
      Caching.ASK),
  RECEIPTS(HttpMethod.POST, "/sdk/v1/receipts", Callers.SERVER_KEYS, Origins.NONE, Caching.ASK),
  EVENTS(HttpMethod.POST, "/sdk/v1/events", Callers.ALL_KEYS, Origins.ALLOWED, Caching.ASK),
  OFREP_FLAG(
      HttpMethod.POST,
      "/ofrep/v1/evaluate/flags/{key}",
      Callers.ALL_KEYS,
      Origins.ALLOWED,
      Caching.ASK),
  OFREP_FLAGS(
      HttpMethod.POST, "/ofrep/v1/evaluate/flags", Callers.ALL_KEYS, Origins.ALLOWED, Caching.ASK),
  OFREP_STREAM(
      HttpMethod.GET, "/ofrep/v1/stream", Callers.STREAM_TOKENS, Origins.ALLOWED, Caching.NEVER);

  /// Whose requests are served.
  public enum Callers {
    /// Secret keys alone.
    SERVER_KEYS,
    /// Secret and public ones.
    ALL_KEYS,
    /// Whoever has the address from an answer, with the token in it.
    STREAM_TOKENS
  }

  /// Whether pages may call, from the origins that the environment allows.
  enum Origins {
    NONE,
    ALLOWED
  }

  /// What `Cache-Control` says.
  enum Caching {
    /// Kept by the client alone, which asks whether it is current.
    ASK("private, no-cache"),
    NEVER("no-store");

    private final AsciiString header;

    Caching(String header) {
      this.header = AsciiString.cached(header);
    }
  }

  private static final AsciiString BY_KEY =
      AsciiString.cached("Authorization, X-API-Key, Accept-Encoding");
  private static final AsciiString BY_KEY_AND_ORIGIN =
      AsciiString.cached("Authorization, X-API-Key, Accept-Encoding, Origin");

  private static final SdkRoute[] ALL = values();

  private final HttpMethod method;
  private final String pattern;
  private final String fixed;
  private final Callers callers;
  private final Origins origins;
  private final Caching caching;

  SdkRoute(HttpMethod method, String pattern, Callers callers, Origins origins, Caching caching) {
    this.method = method;
    this.pattern = pattern;
    this.fixed =
        pattern.endsWith("{key}") ? pattern.substring(0, pattern.lastIndexOf('{')) : pattern;
    this.callers = callers;
    this.origins = origins;
    this.caching = caching;
  }

  /// The route of a path, whatever its method; null for none.
  static @Nullable SdkRoute of(String path) {
    for (var route : ALL) {
      if (route.hasPath(path)) {
        return route;
      }
    }
    return null;
  }

  /// The route of a path that browsers may call; null for none.
  static @Nullable SdkRoute forBrowsers(String path) {
    for (var route : ALL) {
      if (route.allowsOrigins() && route.hasPath(path)) {
        return route;
      }
    }
    return null;
  }

  public HttpMethod method() {
    return method;
  }

  /// Its path, where a variable's name stands for the variable.
  public String pattern() {
    return pattern;
  }

  /// Whether it is asked with its own method, or for the head alone of what that answers.
  boolean hasMethod(HttpMethod asked) {
    return asked.equals(method) || (asked.equals(HttpMethod.HEAD) && method.equals(HttpMethod.GET));
  }

  /// Whether its answers are streams.
  boolean isStream() {
    return caching == Caching.NEVER;
  }

  Callers callers() {
    return callers;
  }

  boolean allowsOrigins() {
    return origins == Origins.ALLOWED;
  }

  AsciiString cacheControl() {
    return caching.header;
  }

  AsciiString vary() {
    return allowsOrigins() ? BY_KEY_AND_ORIGIN : BY_KEY;
  }

  /// What a path of this route has in the place of its variable, as it was sent.
  String variable(String path) {
    return path.substring(fixed.length());
  }

  private boolean hasPath(String path) {
    return hasVariable()
        ? path.length() > fixed.length() && path.startsWith(fixed)
        : path.equals(fixed);
  }

  private boolean hasVariable() {
    return fixed.length() < pattern.length();
  }
}
