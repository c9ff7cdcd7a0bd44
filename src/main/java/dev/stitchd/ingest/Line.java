package dev.stitchd.ingest;

/// One line of NDJSON that is not blank.
sealed interface Line {

  record Text(byte[] utf8) implements Line {}

  /// Longer than an event may be; its bytes were not kept.
  record TooLong() implements Line {}
}
