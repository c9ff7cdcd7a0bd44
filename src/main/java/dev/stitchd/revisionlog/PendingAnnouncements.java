package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import java.util.LinkedHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

/// One subscriber's waiting announcements: at most one for each environment, the newest. Safe from
/// any thread; its locks guard a few map operations and are never before while the subscriber runs.
final class PendingAnnouncements {

  private final FluxSink<Announcement> subscriber;
  private final int most;
  private final LinkedHashMap<EnvironmentId, Announcement> waiting = new LinkedHashMap<>();
  private final AtomicInteger deliveries = new AtomicInteger();
  private boolean resync = true;
  private boolean closed;

  /// Pending announcements that begin with a [Announcement.Resync].
  ///
  /// @param subscriber takes announcements as it asks for them, in whatever overflow mode
  /// @param most announcements kept before they are replaced by one [Announcement.Resync]
  PendingAnnouncements(FluxSink<Announcement> subscriber, int most) {
    this.subscriber = subscriber;
    this.most = most;
  }

  void put(Announcement announcement) {
    keep(announcement);
    deliver();
  }

  /// Ends the subscription once what waits has been asked for.
  void close() {
    synchronized (waiting) {
      closed = true;
    }
    deliver();
  }

  /// Hands over what waits, as far as the subscriber has asked for it; one thread at a time.
  void deliver() {
    if (deliveries.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      handOver();
      missed = deliveries.addAndGet(-missed);
    } while (missed != 0);
  }

  private void handOver() {
    while (subscriber.requestedFromDownstream() > 0 && !subscriber.isCancelled()) {
      var next = take();
      if (next == null) {
        break;
      }
      var _ = subscriber.next(next);
    }
    if (isFinished()) {
      subscriber.complete();
    }
  }

  private void keep(Announcement announcement) {
    synchronized (waiting) {
      switch (announcement) {
        case Announcement.Resync _ -> waitForResync();
        case Announcement.At at -> waiting.merge(at.environment(), at, PendingAnnouncements::newer);
        case Announcement.Removed removed -> waiting.put(removed.environment(), removed);
      }
      if (waiting.size() > most) {
        waitForResync();
      }
    }
  }

  private static Announcement newer(Announcement waiting, Announcement announcement) {
    return waiting instanceof Announcement.At before
            && announcement instanceof Announcement.At heard
        ? new Announcement.At(
            heard.environment(),
            heard.revision(),
            Math.max(before.accessVersion(), heard.accessVersion()))
        : waiting instanceof Announcement.Removed ? waiting : announcement;
  }

  private void waitForResync() {
    waiting.clear();
    resync = true;
  }

  private @Nullable Announcement take() {
    synchronized (waiting) {
      if (resync) {
        resync = false;
        return new Announcement.Resync();
      }
      var first = waiting.pollFirstEntry();
      return first == null ? null : first.getValue();
    }
  }

  private boolean isFinished() {
    synchronized (waiting) {
      return closed && !resync && waiting.isEmpty();
    }
  }
}
