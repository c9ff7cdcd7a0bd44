package dev.stitchd.stream.sdk;

import dev.stitchd.snapshot.Snapshot;

/// The encoded form of every snapshot in use. It goes when its snapshot goes, so it is as bounded
/// as those are.
final class EncodedSnapshots {

  private final SnapshotEncoder encoder;
  private final int mostPatches;

  /// @param mostPatches kept for one revision, but for those that serve many
  EncodedSnapshots(SnapshotEncoder encoder, int mostPatches) {
    this.encoder = encoder;
    this.mostPatches = mostPatches;
  }

  EncodedSnapshot of(Snapshot snapshot) {
    return snapshot
        .derived()
        .get(EncodedSnapshot.class, () -> new EncodedSnapshot(snapshot, encoder, mostPatches));
  }
}
