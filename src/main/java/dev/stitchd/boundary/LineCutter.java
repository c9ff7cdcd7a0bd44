package dev.stitchd.boundary;

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
  private final UnfinishedLine open;

  /// @param longest most bytes of a line
  public LineCutter(int longest) {
    this.longest = longest;
    this.open = new UnfinishedLine(longest);
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
    open.add(bytes, from, bytes.length);
  }

  /// Tells what came after the last line's end, if anything did.
  public void end(Lines lines) {
    if (!open.isEmpty()) {
      tell(lines);
    }
  }

  private void end(byte[] bytes, int from, int to, Lines lines) {
    if (open.isEmpty() && to - from <= longest) {
      lines.line(bytes, from, to);
    } else {
      open.add(bytes, from, to);
      tell(lines);
    }
  }

  private void tell(Lines lines) {
    if (open.isTooLong()) {
      lines.tooLong();
    } else {
      lines.line(open.bytes(), 0, open.length());
    }
    open.clear();
  }
}
