package dev.stitchd.segment.upload;

/// Reads one line of an upload after another. Confined to one thread.
public sealed interface LineReader permits CsvLines, JsonLines {

  /// Reads CSV.
  ///
  /// @param otherwise whether members are included whose line does not say
  static LineReader csv(boolean otherwise) {
    return new CsvLines(otherwise);
  }

  /// Reads NDJSON.
  ///
  /// @param otherwise whether members are included whose line does not say
  static LineReader ndjson(boolean otherwise) {
    return new JsonLines(otherwise);
  }

  /// @param line the number of the line, from 1
  void read(byte[] bytes, int from, int to, long line, ParsedLine result);
}
