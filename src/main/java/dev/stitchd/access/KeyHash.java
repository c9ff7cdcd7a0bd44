package dev.stitchd.access;

import java.nio.ByteBuffer;

/// The SHA-256 of a secret: what is stored, cached and compared instead of the secret itself. Equal
/// hashes tell nothing about how close two secrets are, so comparing them needs no constant time.
record KeyHash(long a, long b, long c, long d) {

  /// The hash of a presented secret.
  static KeyHash of(String secret) {
    return of(SecretKeys.hash(secret));
  }

  static KeyHash of(byte[] sha256) {
    var bytes = ByteBuffer.wrap(sha256);
    return new KeyHash(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }

  /// The 32 bytes, as the column `hash` holds them.
  byte[] bytes() {
    return ByteBuffer.allocate(4 * Long.BYTES).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }

  @Override
  public String toString() {
    return "KeyHash[…]";
  }
}
