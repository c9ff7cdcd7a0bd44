package dev.stitchd.ingest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cuts a stream of bytes into lines; never holds more than one line of the allowed length.
/// Confined to one subscription.
final class LineSplitter {

  /// One line of NDJSON that is not blank.
  sealed interface Line {

    record Text(byte[] utf8) implements Line {}

    /// Longer than an event may be; its bytes were not kept.
    record TooLong() implements Line {}
  }

  private final int longest;
  private byte[] open = new byte[1024];
  private int length;
  private boolean tooLong;

  LineSplitter(int longest) {
    this.longest = longest;
  }

  /// The lines that end in these bytes.
  List<Line> split(byte[] bytes) {
    var lines = new ArrayList<Line>();
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        append(bytes, from, i);
        from = i + 1;
        var line = end();
        if (line != null) {
          lines.add(line);
        }
      }
    }
    append(bytes, from, bytes.length);
    return lines;
  }

  /// What came after the last line's end.
  List<Line> rest() {
    var line = end();
    return line == null ? List.of() : List.of(line);
  }

  private void append(byte[] bytes, int from, int to) {
    int more = to - from;
    if (tooLong || more == 0) {
      return;
    }
    if (length + more > longest + 1) { // a carriage return may follow
      tooLong = true;
      length = 0;
      return;
    }
    if (length + more > open.length) {
      open = Arrays.copyOf(open, Math.max(open.length * 2, length + more));
    }
    System.arraycopy(bytes, from, open, length, more);
    length += more;
  }

  private @Nullable Line end() {
    if (tooLong) {
      tooLong = false;
      return new Line.TooLong();
    }
    int end = length;
    length = 0;
    return isBlank(end) ? null : new Line.Text(Arrays.copyOf(open, end));
  }

  private boolean isBlank(int end) {
    for (int i = 0; i < end; i++) {
      if (open[i] != ' ' && open[i] != '\t' && open[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
