package dev.stitchd.load;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/// For how much longer than they were told to wait streams were away. Each stream's row is written
/// by its event loop alone; readers may look at any time.
final class Away {

  private final AtomicLongArray since;
  private final AtomicLongArray told;
  private final Queue<Long> beyond = new ConcurrentLinkedQueue<>();

  Away(int clients) {
    this.since = new AtomicLongArray(clients);
    this.told = new AtomicLongArray(clients);
  }

  void lost(int stream) {
    since.set(stream, System.nanoTime());
    told.set(stream, 0);
  }

  /// Told to wait, by what it was lost with or a refusal after that. Waits that a client chose
  /// itself, for want of an answer, do not count.
  void told(int stream, long millis) {
    told.addAndGet(stream, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /// Has its first event, of the first connection or of another one.
  void back(int stream) {
    if (since.get(stream) != 0) {
      var away = System.nanoTime() - since.getAndSet(stream, 0);
      beyond.add(Math.max(0, away - told.get(stream)));
    }
  }

  /// Every time that a stream was away and is back.
  Percentiles beyondTold() {
    return Percentiles.of(beyond.stream().mapToLong(nanos -> nanos).toArray());
  }
}
