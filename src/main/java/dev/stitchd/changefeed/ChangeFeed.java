package dev.stitchd.changefeed;

import reactor.core.publisher.Flux;

/// The rings of all environments of the installation, as this node hears them.
public interface ChangeFeed {

  /// Every ring from now on, beginning with a [Ring.Resync]; another follows whenever the listening
  /// connection had to be renewed. Shared and hot; ends only when the node stops, never fails. A
  /// subscriber that is slower than the rings gets the newest ring of each environment once it asks
  /// again, never a growing queue. Delivered on the listener's thread, or on the thread that asks.
  Flux<Ring> rings();
}
