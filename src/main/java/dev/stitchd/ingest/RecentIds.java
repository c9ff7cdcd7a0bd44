package dev.stitchd.ingest;

import java.util.LinkedHashSet;
import java.util.UUID;

/// The ids of a request's latest events, bounded, to tell which are repeated. One per request;
/// confined to one thread at a time.
final class RecentIds {

  /// As many as a usual request has.
  private static final int EXPECTED = 1_000;

  private final int most;
  private final LinkedHashSet<UUID> ids;

  RecentIds(int most) {
    this.most = most;
    this.ids = LinkedHashSet.newLinkedHashSet(Math.min(most, EXPECTED));
  }

  /// Whether this id was not among the latest.
  boolean add(UUID id) {
    boolean isNew = ids.add(id);
    if (isNew && ids.size() > most) {
      var _ = ids.removeFirst();
    }
    return isNew;
  }
}
