package dev.stitchd.segment.upload;

import dev.stitchd.kernel.EvaluationContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// What a member's key may be: 1 to 512 bytes of UTF-8 without NUL. Safe from any thread.
public final class MemberKeys {

  /// The longest key, in bytes.
  static final int LONGEST = EvaluationContext.MAX_KEY_BYTES;

  private MemberKeys() {}

  /// What is wrong with a key; null if nothing is.
  public static @Nullable String problem(byte[] bytes, int from, int to) {
    if (from == to) {
      return "the key is empty";
    }
    if (to - from > LONGEST) {
      return "the key is longer than " + LONGEST + " bytes";
    }
    boolean ascii = true;
    for (int i = from; i < to; i++) {
      if (bytes[i] == 0) {
        return "the key holds NUL";
      }
      ascii &= bytes[i] > 0;
    }
    return ascii || isUtf8(bytes, from, to) ? null : "the key is not UTF-8";
  }

  private static boolean isUtf8(byte[] bytes, int from, int to) {
    try {
      var _ =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes, from, to - from));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
