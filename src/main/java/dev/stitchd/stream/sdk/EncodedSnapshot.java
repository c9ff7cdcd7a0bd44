package dev.stitchd.stream.sdk;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

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
  private volatile @Nullable ItemHistory longest;

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
  /// if what is known reaches back and it is smaller than everything.
  ///
  /// @param older what the snapshot does not remember
  EncodedBody resume(Snapshot snapshot, long since, OlderRemovals older) {
    var history = history(snapshot, since, older);
    var changed = history.since(since);
    return changed == null || isLarge(changed, history)
        ? put(snapshot)
        : patch(snapshot, history, since, changed);
  }

  /// For a client that follows: a patch if the history reaches back.
  EncodedBody update(Snapshot snapshot, long since) {
    var history = snapshot.history();
    var changed = history.since(since);
    return changed == null ? put(snapshot) : patch(snapshot, history, since, changed);
  }

  /// The patch that was asked for or, when there are many different ones already, one that begins a
  /// little earlier and serves others too.
  private EncodedBody patch(
      Snapshot snapshot, ItemHistory history, long since, List<ItemHistory.Entry> changed) {
    var known = bodies.get(since);
    if (known != null) {
      return known;
    }
    if (bodies.size() <= mostPatches) {
      return bodies.computeIfAbsent(since, _ -> encoder.patch(snapshot, since, changed));
    }
    long earlier = history.notMuchBefore(since);
    var more = history.since(earlier);
    return more == null || isLarge(more, history)
        ? put(snapshot)
        : bodies.computeIfAbsent(earlier, _ -> encoder.patch(snapshot, earlier, more));
  }

  /// What reaches back to a revision, put together once for all who need it.
  private ItemHistory history(Snapshot snapshot, long since, OlderRemovals older) {
    var remembered = snapshot.history();
    if (since >= remembered.reachesBackTo() || since < older.since()) {
      return remembered; // which is enough, or nothing is
    }
    var known = longest;
    if (known == null || since < known.reachesBackTo()) {
      known = remembered.reaching(older);
      longest = known;
    }
    return known;
  }

  private static boolean isLarge(List<ItemHistory.Entry> changed, ItemHistory history) {
    return changed.stream().mapToLong(ItemHistory.Entry::size).sum() >= history.bytes();
  }

  Frame current() {
    return current;
  }

  /// For a client that may be ahead of this node: it keeps what it has.
  Frame current(Cursor ahead) {
    return encoder.current(ahead);
  }
}
