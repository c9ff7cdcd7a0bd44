package dev.stitchd.boundary;

import java.util.Arrays;

/// Cuts a stream of bytes into lines, holding one unfinished line and no more of it than a line may
/// be long. Confined to one thread at a time.
public final class LineCutter {

  /// Hears of lines, in their order.
  public interface Lines {

    /// A line without its line feed.
    ///
    /// @param bytes not to be kept or changed
    void line(byte[] bytes, int from, int to);

    /// A line that is longer than it may be; its bytes were not kept.
    void tooLong();
  }

  private final int longest;
  private byte[] open = new byte[1024];
  private int length;
  private boolean tooLong;

  /// @param longest most bytes of a line
  public LineCutter(int longest) {
    this.longest = longest;
  }

  /// Tells the lines that end in these bytes.
  public void cut(byte[] bytes, Lines lines) {
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        end(bytes, from, i, lines);
        from = i + 1;
      }
    }
    keep(bytes, from, bytes.length);
  }

  /// Tells what came after the last line's end, if anything did.
  public void end(Lines lines) {
    if (length > 0 || tooLong) {
      tell(lines);
    }
  }

  private void end(byte[] bytes, int from, int to, Lines lines) {
    if (length == 0 && !tooLong && to - from <= longest) {
      lines.line(bytes, from, to);
    } else {
      keep(bytes, from, to);
      tell(lines);
    }
  }

  private void tell(Lines lines) {
    if (tooLong) {
      lines.tooLong();
    } else {
      lines.line(open, 0, length);
    }
    tooLong = false;
    length = 0;
  }

  private void keep(byte[] bytes, int from, int to) {
    int more = to - from;
    if (tooLong || length + more > longest) {
      tooLong = true;
      return;
    }
    if (length + more > open.length) {
      open = Arrays.copyOf(open, Math.max(open.length * 2, length + more));
    }
    System.arraycopy(bytes, from, open, length, more);
    length += more;
  }
}
