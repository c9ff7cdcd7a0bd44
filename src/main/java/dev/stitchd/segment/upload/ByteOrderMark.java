package dev.stitchd.segment.upload;

import java.util.Arrays;

/// The three bytes that some programs write before UTF-8.
final class ByteOrderMark {

  private static final byte[] BYTES = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  static final int LENGTH = BYTES.length;

  private ByteOrderMark() {}

  /// Whether bytes begin with it.
  static boolean leads(byte[] bytes, int from, int to) {
    return to - from >= LENGTH && Arrays.equals(bytes, from, from + LENGTH, BYTES, 0, LENGTH);
  }

  /// Whether a byte is the mark's at this place, from 0.
  static boolean has(byte one, int place) {
    return place < LENGTH && BYTES[place] == one;
  }
}
