package dev.stitchd.delivery.spool;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.StartFailure;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/// Finds what waits on disk before the first event is taken, and replays it until the last one has
/// been delivered. What is left then waits for the next start.
final class SpoolJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolJob.class);

  private final FileSpool spool;
  private final DeadLetterFiles deadLetters;
  private final SpoolReplay replay;

  SpoolJob(FileSpool spool, DeadLetterFiles deadLetters, SpoolReplay replay) {
    this.spool = spool;
    this.deadLetters = deadLetters;
    this.replay = replay;
  }

  @Override
  public String name() {
    return "spool replay";
  }

  @Override
  public String withoutIt() {
    return "what is on disk stays there";
  }

  @Override
  public StartOrder order() {
    return StartOrder.SPOOL;
  }

  @Override
  public void prepare() {
    spool.recover();
    try {
      deadLetters.recover();
    } catch (IOException e) {
      throw new StartFailure("Stitchd cannot read its dead letters: " + e, e);
    }
  }

  @Override
  public Mono<Void> work() {
    return replay.run();
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(() -> {
      if (spool.files() > 0) {
        LOG.info(
            "Event spool: {} batches stay on disk and are replayed at the next start",
            spool.files());
      }
    });
  }
}
