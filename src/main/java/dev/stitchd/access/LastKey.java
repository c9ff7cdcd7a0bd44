package dev.stitchd.access;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The SDK key that a connection presented last and the hash that it is looked up by, so that a
/// connection's key is hashed once and not with each request. Whether the key is valid is asked
/// every time. Confined to its connection's event loop.
public final class LastKey {

  private @Nullable String authorization;
  private @Nullable String apiKey;
  private @Nullable KeyHash hash;

  /// The hash of the key in these headers; null if there is none that could be one of ours.
  @Nullable KeyHash hash(@Nullable String authorization, @Nullable String apiKey) {
    var last = hash;
    return last != null && isSame(authorization, this.authorization) && isSame(apiKey, this.apiKey)
        ? last
        : remembered(authorization, apiKey);
  }

  private @Nullable KeyHash remembered(@Nullable String authorization, @Nullable String apiKey) {
    var key = Credentials.sdkKey(authorization, apiKey);
    var found = key != null && Credentials.isSdkKey(key) ? KeyHash.of(key) : null;
    hash = isShort(authorization) && isShort(apiKey) ? found : null;
    this.authorization = hash == null ? null : authorization;
    this.apiKey = hash == null ? null : apiKey;
    return found;
  }

  private static boolean isShort(@Nullable String header) {
    return header == null || header.length() <= Credentials.LONGEST;
  }

  /// How long it takes tells the length at most, not how much of a guess is right.
  private static boolean isSame(@Nullable String presented, @Nullable String known) {
    if (presented == null || known == null) {
      return Objects.equals(presented, known);
    }
    if (presented.length() != known.length()) {
      return false;
    }
    int differences = 0;
    for (int i = 0; i < known.length(); i++) {
      differences |= presented.charAt(i) ^ known.charAt(i);
    }
    return differences == 0;
  }

  @Override
  public String toString() {
    return "LastKey[…]";
  }
}
