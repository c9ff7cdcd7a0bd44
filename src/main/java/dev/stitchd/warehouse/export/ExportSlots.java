package dev.stitchd.warehouse.export;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// How many exports run at once. Safe from any thread.
public final class ExportSlots {

  private final int most;
  private final Duration retryAfter;
  private final AtomicInteger taken = new AtomicInteger();

  public ExportSlots(int most, Duration retryAfter) {
    this.most = most;
    this.retryAfter = retryAfter;
  }

  /// Takes a slot, which [#release] gives back.
  ///
  /// @throws Problem.TooMany if none is free
  public ExportSlots take() {
    if (taken.getAndUpdate(n -> Math.min(n + 1, most)) >= most) {
      throw new Problem.TooMany(
          "this server runs " + most + " exports already; come again when one has ended",
          retryAfter);
    }
    return this;
  }

  public void release() {
    taken.decrementAndGet();
  }

  public int taken() {
    return taken.get();
  }
}
