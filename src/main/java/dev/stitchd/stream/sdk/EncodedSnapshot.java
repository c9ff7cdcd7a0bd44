package dev.stitchd.stream.sdk;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import io.netty.util.AsciiString;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// What has been encoded of one snapshot, each thing once, when first asked for. Safe from any
/// thread.
final class EncodedSnapshot {

  private static final long EVERYTHING = -1;

  private final SnapshotEncoder encoder;
  private final int mostPatches;
  private final ConcurrentMap<Long, EncodedBody> bodies = new ConcurrentHashMap<>();
  private final Frame current;
  private final Cursor cursor;
  private final AsciiString etag;

  EncodedSnapshot(Snapshot snapshot, SnapshotEncoder encoder, int mostPatches) {
    this.encoder = encoder;
    this.mostPatches = mostPatches;
    this.current = encoder.current(snapshot.cursor());
    this.cursor = snapshot.cursor();
    this.etag = AsciiString.of(cursor.etag());
  }

  /// Where a client is that has this snapshot; one object for all of them.
  Cursor cursor() {
    return cursor;
  }

  /// The header of polls.
  AsciiString etag() {
    return etag;
  }

  EncodedBody put(Snapshot snapshot) {
    return bodies.computeIfAbsent(EVERYTHING, _ -> encoder.put(snapshot));
  }

  /// For a client that comes back with a cursor of this history, older than the snapshot: a patch
  /// if the history reaches back and it is smaller than everything.
  EncodedBody resume(Snapshot snapshot, long since) {
    var changed = snapshot.history().since(since);
    if (changed == null) {
      return put(snapshot);
    }
    long size = changed.stream().mapToLong(entry -> entry.size()).sum();
    return size < snapshot.history().bytes() ? update(snapshot, since) : put(snapshot);
  }

  /// For a client that follows: a patch if the history reaches back.
  EncodedBody update(Snapshot snapshot, long since) {
    var known = bodies.get(since);
    if (known != null) {
      return known;
    }
    var changed = snapshot.history().since(since);
    return changed == null || bodies.size() > mostPatches
        ? put(snapshot)
        : bodies.computeIfAbsent(since, _ -> encoder.patch(snapshot, since, changed));
  }

  Frame current() {
    return current;
  }

  /// For a client that may be ahead of this node: it keeps what it has.
  Frame current(Cursor ahead) {
    return encoder.current(ahead);
  }
}
