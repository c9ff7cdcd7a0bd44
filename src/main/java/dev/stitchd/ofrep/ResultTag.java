package dev.stitchd.ofrep;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/// The `ETag` of a bulk answer: a hash of its body and of the key that asked. So it covers the
/// configuration, the whole context (clients keep their tag when an attribute changes), the token
/// of the event stream (clients that hear 304 go on with the address they have) and the credential,
/// and a client that sends it back holds exactly this body.
final class ResultTag {

  private ResultTag() {}

  static String of(byte[] body, UUID key) {
    var digest = sha256();
    digest.update(
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(key.getMostSignificantBits())
            .putLong(key.getLeastSignificantBits())
            .flip());
    digest.update(body);
    var half = Arrays.copyOf(digest.digest(), 16);
    return "\"" + Base64.getUrlEncoder().withoutPadding().encodeToString(half) + "\"";
  }

  /// Whether the values of `If-None-Match` name this tag; proxies may have weakened it.
  static boolean isNamed(List<String> ifNoneMatch, String tag) {
    for (var header : ifNoneMatch) {
      for (var value : header.split(",")) {
        var text = value.trim();
        if (text.equals(tag) || (text.startsWith("W/") && text.substring(2).equals(tag))) {
          return true;
        }
      }
    }
    return false;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
