package dev.stitchd.propagation;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What all nodes say about their streams and one revision. One thread.
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

  void add(Wire.Summary node) {
    full |= node.full();
    for (var place : node.places()) {
      connected += place.streams();
      sent += place.revision() >= revision ? place.streams() : 0;
    }
    for (var wave : node.waves()) {
      if (wave.revision() == revision && committed != null) {
        add(wave, wave.first() - committed);
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
  private void add(Wire.Wave wave, long first) {
    max = Math.max(max, Math.max(0, first + wave.max()));
    for (var count : wave.counts()) {
      long millis = Math.min(Delays.bound(count[0]), wave.max()) + first;
      counts.merge(Math.max(0, millis), (long) count[1], Long::sum);
    }
  }
}
