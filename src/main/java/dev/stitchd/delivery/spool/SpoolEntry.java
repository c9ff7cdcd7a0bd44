package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.queue.EnvironmentCounts;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/// A batch that waits on disk. The replay alone changes it, one step at a time.
final class SpoolEntry {

  final Path file;
  final long bytes;
  final Instant since;
  final EnvironmentCounts counts;

  /// Rows of it that have been buried, by the name that the split gave each: an outage in the
  /// middle of a split repeats the batch, not its burials.
  final Set<String> buried = new HashSet<>();

  /// How often in a row the sink did not take it.
  int failures;

  SpoolEntry(Path file, long bytes, Instant since, EnvironmentCounts counts) {
    this.file = file;
    this.bytes = bytes;
    this.since = since;
    this.counts = counts;
  }
}
