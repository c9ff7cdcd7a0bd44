package dev.stitchd.ingest;

import dev.stitchd.boundary.LineCutter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The lines of NDJSON that are not blank, each with bytes of its own. Confined to one
/// subscription.
final class LineSplitter {

  /// One line.
  sealed interface Line {

    record Text(byte[] utf8) implements Line {}

    /// Longer than an event may be; its bytes were not kept.
    record TooLong() implements Line {}
  }

  /// Lines where they are gathered.
  private record Gathered(List<Line> all) implements LineCutter.Lines {

    @Override
    public void line(byte[] bytes, int from, int to) {
      if (!isBlank(bytes, from, to)) {
        all.add(new Line.Text(Arrays.copyOfRange(bytes, from, to)));
      }
    }

    @Override
    public void tooLong() {
      all.add(new Line.TooLong());
    }
  }

  private final LineCutter cutter;

  LineSplitter(int longest) {
    cutter = new LineCutter(longest + 1); // a carriage return may follow
  }

  /// The lines that end in these bytes.
  List<Line> split(byte[] bytes) {
    var lines = new Gathered(new ArrayList<>());
    cutter.cut(bytes, lines);
    return lines.all;
  }

  /// What came after the last line's end.
  List<Line> rest() {
    var lines = new Gathered(new ArrayList<>(1));
    cutter.end(lines);
    return lines.all;
  }

  private static boolean isBlank(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
