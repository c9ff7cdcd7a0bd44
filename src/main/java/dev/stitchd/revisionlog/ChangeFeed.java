package dev.stitchd.revisionlog;

import reactor.core.publisher.Flux;

/// The announcements of all environments of the installation, as this node hears them.
public interface ChangeFeed {

  /// Every announcement from now on, beginning with a [Announcement.Resync]; another follows
  /// whenever the listening connection had to be renewed. Shared and hot; ends only when the node
  /// stops, never fails. A subscriber that is slower than the announcements gets the newest
  /// announcement of each environment once it asks again, never a growing queue. Delivered on the
  /// listener's thread, or on the thread that asks.
  Flux<Announcement> announcements();
}
