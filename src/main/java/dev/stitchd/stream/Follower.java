package dev.stitchd.stream;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import org.jspecify.annotations.Nullable;

/// One client's place in an environment's history: all that a connection remembers. Confined to its
/// connection.
final class Follower {

  private final Editions editions;
  private final StreamMeters meters;
  private @Nullable Cursor at;
  private boolean started;

  /// @param resume where the client says it is; null for nowhere
  Follower(@Nullable Cursor resume, Editions editions, StreamMeters meters) {
    this.at = resume;
    this.editions = editions;
    this.meters = meters;
  }

  /// The frame that takes the client to a snapshot; null if it is there already.
  @Nullable Frame advance(Snapshot snapshot) {
    var from = at;
    var frame = started ? update(from, snapshot) : start(from, snapshot);
    if (frame != null) {
      started = true;
      at = editions.of(snapshot).cursor();
    }
    return frame;
  }

  /// Where the client is; null before the first frame and for nowhere.
  @Nullable Cursor at() {
    return started ? at : null;
  }

  /// Notes that the client was taken further by a frame made for another one at the same place.
  void move(Cursor to) {
    at = to;
  }

  private Frame start(@Nullable Cursor from, Snapshot snapshot) {
    var frame = resume(from, snapshot);
    meters.resumed(from != null, frame.kind());
    return frame;
  }

  private Frame resume(@Nullable Cursor from, Snapshot snapshot) {
    var edition = editions.of(snapshot);
    if (from == null
        || !from.tag().equals(snapshot.tag())
        || from.revision() > snapshot.revision()) {
      return edition.put(snapshot).frame();
    }
    return from.revision() == snapshot.revision()
        ? edition.current()
        : edition.resume(snapshot, from.revision()).frame();
  }

  private @Nullable Frame update(@Nullable Cursor from, Snapshot snapshot) {
    if (from == null || !from.tag().equals(snapshot.tag())) {
      return editions.of(snapshot).put(snapshot).frame();
    }
    if (from.revision() >= snapshot.revision()) {
      return null;
    }
    if (snapshot.revision() - from.revision() > 1) {
      meters.conflated();
    }
    return editions.of(snapshot).update(snapshot, from.revision()).frame();
  }
}
