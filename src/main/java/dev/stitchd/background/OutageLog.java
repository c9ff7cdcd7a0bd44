package dev.stitchd.background;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;

/// Says once that something does not work, and once that it works again, however often it is tried
/// meanwhile. Safe from any thread.
public final class OutageLog {

  private final Logger log;
  private final String begins;
  private final String ends;
  private final AtomicBoolean out = new AtomicBoolean();

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

  public void worked() {
    if (out.getAndSet(false)) {
      log.info("{}", ends);
    }
  }
}
