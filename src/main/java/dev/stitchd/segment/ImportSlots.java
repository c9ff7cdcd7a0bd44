package dev.stitchd.segment;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// How many uploads one process reads at the same time. Safe from any thread.
final class ImportSlots {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private final int most;
  private final AtomicInteger taken = new AtomicInteger();

  ImportSlots(int most) {
    this.most = most;
  }

  int taken() {
    return taken.get();
  }

  /// @throws Problem.TooMany if none is free
  ImportSlots take() {
    if (taken.incrementAndGet() > most) {
      release();
      throw new Problem.TooMany(
          "this server reads " + most + " lists already; try again later", RETRY_AFTER);
    }
    return this;
  }

  void release() {
    taken.decrementAndGet();
  }
}
