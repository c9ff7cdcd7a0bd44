package dev.stitchd.stream.sdk;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import dev.stitchd.stream.StreamContent;
import org.jspecify.annotations.Nullable;

/// An SDK's place in an environment's history: all that its connection remembers.
final class SdkContent implements StreamContent {

  private final EncodedSnapshots encodings;
  private final SdkStreamMeters meters;
  private final boolean nonexistent;
  private OlderRemovals older;
  private @Nullable Cursor at;
  private boolean started;

  /// @param resume where the client says it is; null for nowhere
  /// @param nonexistent whether the store has no such place, though it is of this history
  /// @param older what snapshots do not remember, if the client may lack that
  SdkContent(
      @Nullable Cursor resume,
      boolean nonexistent,
      OlderRemovals older,
      EncodedSnapshots encodings,
      SdkStreamMeters meters) {
    this.at = resume;
    this.nonexistent = nonexistent;
    this.older = older;
    this.encodings = encodings;
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
      at = frame.revision() > snapshot.revision() ? from : encodings.of(snapshot).cursor();
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
    meters.began(from != null, frame.kind());
    older = OlderRemovals.NONE; // needed once
    return frame;
  }

  private Frame resume(@Nullable Cursor from, Snapshot snapshot) {
    var encoded = encodings.of(snapshot);
    if (from == null || !from.isOfHistory(snapshot.cursor())) {
      return encoded.put(snapshot).frame();
    }
    if (snapshot.isBefore(from)) {
      return nonexistent ? encoded.put(snapshot).frame() : encoded.current(from);
    }
    return from.revision() == snapshot.revision()
        ? encoded.current()
        : encoded.resume(snapshot, from.revision(), older).frame();
  }

  private @Nullable Frame update(@Nullable Cursor from, Snapshot snapshot) {
    if (from == null || !from.tag().equals(snapshot.tag())) {
      return encodings.of(snapshot).put(snapshot).frame();
    }
    return from.revision() < snapshot.revision()
        ? encodings.of(snapshot).update(snapshot, from.revision()).frame()
        : null;
  }
}
