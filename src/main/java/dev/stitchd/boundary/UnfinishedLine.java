package dev.stitchd.boundary;

import java.util.Arrays;

/// The bytes of a line whose end has not come yet, and no more of them than a line may be long.
/// Confined to one thread at a time.
public final class UnfinishedLine {

  private final int longest;
  private byte[] bytes = new byte[1024];
  private int length;
  private boolean tooLong;

  /// @param longest most bytes of a line
  public UnfinishedLine(int longest) {
    this.longest = longest;
  }

  /// Adds what came. If that is more than a line may have, nothing is kept any more.
  public void add(byte[] more, int from, int to) {
    int count = to - from;
    if (tooLong || length + count > longest) {
      tooLong = true;
      length = 0;
      return;
    }
    if (length + count > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
    }
    System.arraycopy(more, from, bytes, length, count);
    length += count;
  }

  /// Whether nothing came yet.
  public boolean isEmpty() {
    return length == 0 && !tooLong;
  }

  public boolean isTooLong() {
    return tooLong;
  }

  public int length() {
    return length;
  }

  /// Where the bytes are, from 0 to [#length]; not to be kept or changed.
  public byte[] bytes() {
    return bytes;
  }

  /// Forgets everything, for the next line.
  public void clear() {
    tooLong = false;
    length = 0;
  }
}
