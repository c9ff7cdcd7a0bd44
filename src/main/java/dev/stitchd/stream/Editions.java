package dev.stitchd.stream;

import dev.stitchd.snapshot.Snapshot;

/// The encoded form of every snapshot in use. It goes when its snapshot goes, so it is as bounded
/// as those are.
final class Editions {

  private final Encoder encoder;
  private final StreamSettings settings;

  Editions(Encoder encoder, StreamSettings settings) {
    this.encoder = encoder;
    this.settings = settings;
  }

  Edition of(Snapshot snapshot) {
    return snapshot
        .derived()
        .get(Edition.class, () -> new Edition(snapshot, encoder, settings.patches()));
  }
}
