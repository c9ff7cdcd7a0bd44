package dev.stitchd.access.signing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// HMAC-SHA256 for stream tokens, and keys for other purposes. Each key is derived from the
/// installation's secret, so that a signature made for another purpose is worth nothing here. Safe
/// from any thread.
public final class Signer {

  /// Bytes of a signature.
  public static final int LENGTH = 32;

  private static final String ALGORITHM = "HmacSHA256";
  private static final byte[] PURPOSE = "stitchd stream token".getBytes(StandardCharsets.UTF_8);

  private Signer() {}

  /// The signature of content.
  public static byte[] sign(byte[] secret, byte[] content) {
    return hmac(hmac(secret, PURPOSE), content);
  }

  /// A key for another purpose, from which neither the secret nor any other key can be told.
  public static byte[] key(byte[] secret, String purpose) {
    return hmac(secret, purpose.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] hmac(byte[] key, byte[] content) {
    try {
      var mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac.doFinal(content);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + ALGORITHM, e);
    }
  }
}
