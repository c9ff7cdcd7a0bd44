package dev.stitchd.delivery;

import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/// A parcel that waits on disk. The replay alone changes it, one step at a time.
final class Spooled {

  final Path file;
  final long bytes;
  final Instant since;
  final Census census;

  /// Rows of it that have been buried, by the name that the split gave each: an outage in the
  /// middle of a split repeats the parcel, not its burials.
  final Set<String> buried = new HashSet<>();

  /// How often in a row the sink did not take it.
  int failures;

  Spooled(Path file, long bytes, Instant since, Census census) {
    this.file = file;
    this.bytes = bytes;
    this.since = since;
    this.census = census;
  }
}
