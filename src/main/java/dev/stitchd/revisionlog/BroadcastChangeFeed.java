package dev.stitchd.revisionlog;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/// Passes what the listener hears to every subscriber, each at its own pace.
final class BroadcastChangeFeed implements ChangeFeed {

  private final int capacity;
  private final Set<PendingAnnouncements> waiting = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  BroadcastChangeFeed(int capacity) {
    this.capacity = capacity;
  }

  @Override
  public Flux<Announcement> announcements() {
    return Flux.create(this::subscribe, FluxSink.OverflowStrategy.IGNORE);
  }

  /// Tells every subscriber; returns at once.
  void announce(Announcement announcement) {
    waiting.forEach(pending -> pending.put(announcement));
  }

  /// Ends every subscription, for good.
  void close() {
    closed = true;
    waiting.forEach(PendingAnnouncements::close);
  }

  private void subscribe(FluxSink<Announcement> subscriber) {
    var pending = new PendingAnnouncements(subscriber, capacity);
    waiting.add(pending);
    var _ = subscriber.onDispose(() -> waiting.remove(pending));
    var _ = subscriber.onRequest(_ -> pending.deliver());
    if (closed) {
      pending.close();
    }
  }
}
