package dev.stitchd.propagation;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What all nodes say about their streams and sends revision. One thread.
final class StreamsMerge {

  private final long revision;
  private final @Nullable Long committed;
  private final TreeMap<Long, Long> counts = new TreeMap<>();
  private long connected;
  private long sent;
  private long max;
  private boolean full;

  StreamsMerge(long revision, @Nullable Long committed) {
    this.revision = revision;
    this.committed = committed;
  }

  void add(SummaryJson.Summary node) {
    full |= node.full();
    for (var place : node.places()) {
      connected += place.streams();
      sent += place.revision() >= revision ? place.streams() : 0;
    }
    for (var sends : node.sends()) {
      if (sends.revision() == revision && committed != null) {
        add(sends, sends.first() - committed);
      }
    }
  }

  long connected() {
    return connected;
  }

  long sent() {
    return sent;
  }

  boolean isFull() {
    return full;
  }

  Propagation.@Nullable Times times() {
    var all = new Percentiles();
    counts.forEach((millis, count) -> all.add(Math.min(millis, max), count));
    return all.result();
  }

  /// @param first how long after the commit this node's first stream was sent it
  private void add(SummaryJson.Sends sends, long first) {
    max = Math.max(max, Math.max(0, first + sends.max()));
    for (var count : sends.counts()) {
      long millis = Math.min(Delays.bound(count[0]), sends.max()) + first;
      counts.merge(Math.max(0, millis), (long) count[1], Long::sum);
    }
  }
}
