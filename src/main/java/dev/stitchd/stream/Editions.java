package dev.stitchd.stream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.snapshot.Snapshot;

/// The encoded form of every snapshot in use. It goes when its snapshot goes, so it is as bounded
/// as those are.
final class Editions {

  private final Encoder encoder;
  private final StreamSettings settings;
  private final Cache<Snapshot, Edition> editions = Caffeine.newBuilder().weakKeys().build();

  Editions(Encoder encoder, StreamSettings settings) {
    this.encoder = encoder;
    this.settings = settings;
  }

  Edition of(Snapshot snapshot) {
    return editions.get(snapshot, key -> new Edition(key, encoder, settings.patches()));
  }
}
