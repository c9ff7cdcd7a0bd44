package dev.stitchd.background;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/// Says once that something does not work, and once that it works again, however often it is tried
/// meanwhile. Safe from any thread.
public final class OutageLog {

  private final Logger log;
  private final String begins;
  private final String ends;
  private final AtomicBoolean out = new AtomicBoolean();
  private final AtomicLong successes = new AtomicLong();

  /// @param begins what does not work and what that means; the failure is added
  /// @param ends what works again
  public OutageLog(Logger log, String begins, String ends) {
    this.log = log;
    this.begins = begins;
    this.ends = ends;
  }

  public void failed(Throwable failure) {
    if (!out.getAndSet(true)) {
      log.warn("{}: {}", begins, failure.toString());
    }
  }

  /// Of an attempt beside others: one that has begun before another worked says nothing of now.
  ///
  /// @param begun what [#begin] said when it began
  public void failed(Throwable failure, long begun) {
    if (begun == successes.get()) {
      failed(failure);
    }
  }

  /// Notes that an attempt begins beside others.
  public long begin() {
    return successes.get();
  }

  public void worked() {
    var _ = successes.incrementAndGet();
    if (out.getAndSet(false)) {
      log.info("{}", ends);
    }
  }
}
