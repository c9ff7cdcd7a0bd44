package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.ingest.LineSplitter.Line;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineSplitterTest {

  private static List<String> split(String text, int size) {
    var splitter = new LineSplitter(10);
    var bytes = text.getBytes(UTF_8);
    var lines = new ArrayList<Line>();
    for (int i = 0; i < bytes.length; i += size) {
      lines.addAll(splitter.split(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + size))));
    }
    lines.addAll(splitter.rest());
    return lines.stream()
        .map(line ->
            switch (line) {
              case Line.Text(byte[] utf8) -> new String(utf8, UTF_8);
              case Line.TooLong _ -> "(too long)";
            })
        .toList();
  }

  @Test
  void linesAreTheSameHoweverTheyAreCut() {
    for (int size = 1; size < 40; size++) {
      assertThat(split("one\ntwo\r\n\n  \r\nthree", size)).containsExactly("one", "two\r", "three");
      assertThat(split("0123456789\n0123456789x\nshort\n" + "y".repeat(30), size))
          .containsExactly("0123456789", "0123456789x", "short", "(too long)");
      assertThat(split("x".repeat(1_000) + "\nafter\n", size))
          .containsExactly("(too long)", "after");
      assertThat(split("", size)).isEmpty();
    }
  }
}
