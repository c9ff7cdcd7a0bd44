package dev.stitchd.stream;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import org.jspecify.annotations.Nullable;

/// An SDK's place in an environment's history: all that its connection remembers.
final class SdkContent implements StreamContent {

  private final Editions editions;
  private final StreamMeters meters;
  private @Nullable Cursor at;
  private boolean started;

  /// @param resume where the client says it is; null for nowhere
  SdkContent(@Nullable Cursor resume, Editions editions, StreamMeters meters) {
    this.at = resume;
    this.editions = editions;
    this.meters = meters;
  }

  @Override
  public Kind kind() {
    return Kind.SDK;
  }

  @Override
  public @Nullable Frame advance(Snapshot snapshot) {
    var from = at;
    var frame = started ? update(from, snapshot) : start(from, snapshot);
    if (frame != null) {
      started = true;
      at = editions.of(snapshot).cursor();
    }
    return frame;
  }

  @Override
  public @Nullable Cursor at() {
    return started ? at : null;
  }

  @Override
  public void move(Cursor to) {
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
