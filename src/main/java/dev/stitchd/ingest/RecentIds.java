package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import java.util.LinkedHashSet;
import java.util.UUID;

/// Who a request's latest events are, bounded, to tell which are repeated: the first of a body
/// counts. One per request; confined to one thread at a time.
final class RecentIds {

  /// As many as a usual request has.
  private static final int EXPECTED = 1_000;

  /// What makes an event itself, within the one environment that a request is about.
  private record Identity(EventKind kind, String key, UUID id) {}

  private final int most;
  private final LinkedHashSet<Identity> ids;

  RecentIds(int most) {
    this.most = most;
    this.ids = LinkedHashSet.newLinkedHashSet(Math.min(most, EXPECTED));
  }

  /// Whether this event was not among the latest.
  boolean add(Event event) {
    boolean isNew = ids.add(new Identity(event.kind(), event.key(), event.id()));
    if (isNew && ids.size() > most) {
      var _ = ids.removeFirst();
    }
    return isNew;
  }
}
