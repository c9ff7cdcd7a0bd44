package dev.stitchd.segment.upload;

import tools.jackson.databind.node.ObjectNode;

/// Reads an upload piece by piece, holding one unfinished line. Confined to one thread at a time.
public sealed interface LineReader permits CsvRecords, JsonLines {

  /// Hears of what lines hold, in their order.
  interface Lines {

    /// A key, valid or not.
    ///
    /// @param line where it stands, from 1
    /// @param key not to be kept or changed
    void member(long line, byte[] key, int from, int to, boolean included);

    /// A line that holds no key.
    void mistake(long line, String message);
  }

  /// Reads CSV.
  ///
  /// @param otherwise whether members are included whose line does not say
  static LineReader csv(boolean otherwise) {
    return new CsvRecords(otherwise);
  }

  /// Reads NDJSON.
  ///
  /// @param otherwise whether members are included whose line does not say
  static LineReader ndjson(boolean otherwise) {
    return new JsonLines(otherwise);
  }

  /// Tells the lines that end in these bytes.
  void read(byte[] bytes, Lines lines);

  /// Tells what came after the last line's end, if anything did.
  void end(Lines lines);

  /// The form that it took what it has read for, as the API answers it.
  ObjectNode recognized();
}
