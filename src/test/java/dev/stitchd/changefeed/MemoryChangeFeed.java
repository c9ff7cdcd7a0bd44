package dev.stitchd.changefeed;

import reactor.core.publisher.Flux;

/// A change feed without PostgreSQL, for the tests of rooms that listen. Held to
/// [ChangeFeedContract].
public final class MemoryChangeFeed implements ChangeFeed {

  private final Rings rings = new Rings(1_000);

  @Override
  public Flux<Ring> rings() {
    return rings.rings();
  }

  /// Rings at once, as a commit does.
  public void ring(Ring ring) {
    rings.ring(ring);
  }

  /// What a lost and renewed listening connection looks like.
  public void resync() {
    rings.ring(new Ring.Resync());
  }

  /// Ends every subscription.
  public void close() {
    rings.close();
  }
}
