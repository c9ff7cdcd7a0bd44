package dev.stitchd.revisionlog;

import reactor.core.publisher.Flux;

/// A change feed without PostgreSQL, for the tests of rooms that listen. Held to
/// [ChangeFeedContract].
public final class MemoryChangeFeed implements ChangeFeed {

  private final BroadcastChangeFeed feed = new BroadcastChangeFeed(1_000);

  @Override
  public Flux<Announcement> announcements() {
    return feed.announcements();
  }

  /// Announces at once, as a commit does.
  public void announce(Announcement announcement) {
    feed.announce(announcement);
  }

  /// What a lost and renewed listening connection looks like.
  public void resync() {
    feed.announce(new Announcement.Resync());
  }

  /// Ends every subscription.
  public void close() {
    feed.close();
  }
}
