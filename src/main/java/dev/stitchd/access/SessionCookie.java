package dev.stitchd.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpRequest;

/// The cookie of a session, and the token that proves that a page of ours sends it.
public final class SessionCookie {

  /// What requests that change something by a cookie carry the token in.
  public static final String CSRF_HEADER = "X-CSRF-Token";

  private static final String NAME = "stitchd_session";

  private SessionCookie() {}

  /// The secret in a request's cookie; null if there is none.
  public static @Nullable String of(ServerHttpRequest request) {
    var cookie = request.getCookies().getFirst(NAME);
    return cookie == null || cookie.getValue().isEmpty() ? null : cookie.getValue();
  }

  /// The header `Set-Cookie` that sets it.
  ///
  /// @param secure whether it is sent over TLS alone
  public static String set(String secret, boolean secure) {
    return cookie(secret, secure).build().toString();
  }

  /// The header that takes it away.
  public static String clear(boolean secure) {
    return cookie("", secure).maxAge(Duration.ZERO).build().toString();
  }

  /// The token of a session. It follows from the cookie, which scripts cannot read and other sites
  /// cannot send along with it: whoever has it was told by this server.
  public static String csrf(String secret) {
    return HexFormat.of().formatHex(SecretKeys.hash("X-CSRF-Token of " + secret));
  }

  /// Whether a request carries the token of its session.
  public static boolean isProved(ServerHttpRequest request, String csrf) {
    var sent = request.getHeaders().getFirst(CSRF_HEADER);
    return sent != null && MessageDigest.isEqual(bytes(sent), bytes(csrf));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ResponseCookie.ResponseCookieBuilder cookie(String value, boolean secure) {
    return ResponseCookie.from(NAME, value).httpOnly(true).path("/").sameSite("Lax").secure(secure);
  }
}
