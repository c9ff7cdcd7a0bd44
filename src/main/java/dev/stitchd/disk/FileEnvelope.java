package dev.stitchd.disk;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What is around a file's content: a mark with the format's version, the length, a SHA-256. A file
/// that was cut off, damaged or written by another format is told from a whole one.
final class FileEnvelope {

  /// "STK" and the version of this form.
  private static final int MARK = 0x53544B01;

  private static final int DIGEST = 32;
  private static final int HEAD = 2 * Integer.BYTES + DIGEST;

  private FileEnvelope() {}

  static byte[] around(byte[] content) {
    return ByteBuffer.allocate(HEAD + content.length)
        .putInt(MARK)
        .putInt(content.length)
        .put(digest(content, 0, content.length))
        .put(content)
        .array();
  }

  /// The content; null if this is no whole file of ours.
  static byte @Nullable [] open(byte[] file) {
    if (file.length < HEAD) {
      return null;
    }
    var head = ByteBuffer.wrap(file);
    if (head.getInt() != MARK || head.getInt() != file.length - HEAD) {
      return null;
    }
    var expected = Arrays.copyOfRange(file, 2 * Integer.BYTES, HEAD);
    return Arrays.equals(expected, digest(file, HEAD, file.length - HEAD))
        ? Arrays.copyOfRange(file, HEAD, file.length)
        : null;
  }

  private static byte[] digest(byte[] bytes, int from, int length) {
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      sha.update(bytes, from, length);
      return sha.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
