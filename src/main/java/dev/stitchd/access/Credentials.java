package dev.stitchd.access;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/// Reads a credential from a request's headers; says nothing about whether it is valid.
final class Credentials {

  /// Longer texts are no credentials of ours.
  static final int LONGEST = 256;

  private static final String BEARER = "Bearer ";

  private Credentials() {}

  /// The SDK key in `Authorization: Bearer` or else in `X-API-Key`, of which these are the values;
  /// null if there is none.
  static @Nullable String sdkKey(@Nullable String authorization, @Nullable String apiKey) {
    var bearer = bearer(authorization);
    return bearer == null ? plausible(apiKey) : bearer;
  }

  /// The token in `Authorization: Bearer`; null if there is none.
  static @Nullable String bearer(HttpHeaders headers) {
    return bearer(headers.getFirst(HttpHeaders.AUTHORIZATION));
  }

  private static @Nullable String bearer(@Nullable String value) {
    return value != null && value.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? plausible(value.substring(BEARER.length()))
        : null;
  }

  /// Whether text has the form of an SDK key; anything else need not be looked up.
  static boolean isSdkKey(String text) {
    return text.startsWith(SecretKeys.prefix(SdkCaller.Kind.SERVER))
        || text.startsWith(SecretKeys.prefix(SdkCaller.Kind.CLIENT));
  }

  private static @Nullable String plausible(@Nullable String value) {
    var text = value == null ? "" : value.trim();
    return text.isEmpty() || text.length() > LONGEST ? null : text;
  }
}
