package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.Author;
import dev.stitchd.segment.upload.MemberReader;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/// An import that this process runs. Its chunks are written one after another.
final class ImportRun {

  final Author author;
  final SegmentPath path;
  final UUID id;
  final UUID segment;
  final long generation;
  private final AtomicLong included = new AtomicLong();
  private final AtomicLong excluded = new AtomicLong();
  private volatile String recognized = "null";

  ImportRun(Author author, SegmentPath path, UUID id, UUID segment, long generation) {
    this.author = author;
    this.path = path;
    this.id = id;
    this.segment = segment;
    this.generation = generation;
  }

  /// Counts a chunk that is committed.
  void stored(ImportRows.Stored chunk) {
    included.addAndGet(chunk.included());
    excluded.addAndGet(chunk.excluded());
  }

  /// Remembers what the upload was taken for, once nothing more of it is read.
  void read(MemberReader reader) {
    recognized = Json.write(reader.recognized());
  }

  /// JSON, `null` before anything was read.
  String recognized() {
    return recognized;
  }

  long included() {
    return included.get();
  }

  long excluded() {
    return excluded.get();
  }
}
