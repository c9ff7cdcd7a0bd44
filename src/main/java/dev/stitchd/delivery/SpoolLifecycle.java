package dev.stitchd.delivery;

import dev.stitchd.kernel.StartFailure;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;

/// Finds what waits on disk before the first event is taken, and replays it until the last one has
/// been delivered. What is left then waits for the next start.
final class SpoolLifecycle implements SmartLifecycle {

  /// Starts before the deliveries and stops after them.
  static final int PHASE = DeliveryLifecycle.PHASE - 1024;

  private static final Logger LOG = LoggerFactory.getLogger(SpoolLifecycle.class);

  private final FileSpool spool;
  private final DeadLetterFiles deadLetters;
  private final SpoolReplay replay;
  private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();

  SpoolLifecycle(FileSpool spool, DeadLetterFiles deadLetters, SpoolReplay replay) {
    this.spool = spool;
    this.deadLetters = deadLetters;
    this.replay = replay;
  }

  @Override
  public void start() {
    spool.recover();
    try {
      deadLetters.recover();
    } catch (IOException e) {
      throw new StartFailure("Stitchd cannot read its dead letters: " + e, e);
    }
    running.set(
        replay
            .run()
            .subscribe(
                _ -> {}, e -> LOG.error("The spool is no longer replayed: restart this node", e)));
  }

  @Override
  public void stop() {
    var replaying = running.getAndSet(null);
    if (replaying != null) {
      replaying.dispose();
    }
    if (spool.files() > 0) {
      LOG.info("{} batches stay in the spool for the next start", spool.files());
    }
  }

  @Override
  public boolean isRunning() {
    return running.get() != null;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
