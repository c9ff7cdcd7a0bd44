package dev.stitchd.access;

import dev.stitchd.kept.KeptFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/// Carries the known SDK keys over a restart. At the start, hands them to [SdkKeys], which believes
/// them only where PostgreSQL cannot be asked; from then on, has them written when they change: a
/// new one within the files' interval, one that was let go of within a second.
@Component
final class KeptKeys implements SmartLifecycle {

  static final String FILE = "keys";

  private static final Logger LOG = LoggerFactory.getLogger(KeptKeys.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final SdkKeys keys;
  private final KeptFiles files;
  private final KeptKeySettings settings;
  private final Scheduler timer;
  private volatile @Nullable Disposable run;

  /// What was written last; touched by one look at a time.
  private SdkKeys.Changes written = SdkKeys.Changes.NONE;

  private long writtenConfirmation;

  KeptKeys(
      SdkKeys keys,
      KeptFiles files,
      KeptKeySettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.keys = keys;
    this.files = files;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public void start() {
    var content = files.readNow(FILE);
    if (content != null) {
      adopt(content);
    }
    written = keys.changes();
    run =
        Flux.interval(LOOK, timer)
            .onBackpressureDrop()
            .subscribe(_ -> look(), failure -> LOG.error("SDK keys are no longer kept", failure));
  }

  @Override
  public void stop() {
    var running = run;
    run = null;
    if (running != null) {
      running.dispose();
      look();
    }
  }

  @Override
  public boolean isRunning() {
    return run != null;
  }

  @Override
  public int getPhase() {
    return -1; // before the watch of keys, which checks what was handed over
  }

  private void adopt(byte[] content) {
    try {
      var kept = KeyBytes.read(content);
      var age =
          Duration.ofMillis(Math.max(0, timer.now(TimeUnit.MILLISECONDS) - kept.confirmedAt()));
      if (age.compareTo(settings.longest()) > 0) {
        LOG.warn(
            "The {} SDK keys kept on disk were last confirmed at {}, longer than {} ago, and are not believed",
            kept.keys().size(),
            Instant.ofEpochMilli(kept.confirmedAt()),
            settings.longest());
        return;
      }
      keys.adopt(kept);
      LOG.info("{} SDK keys are known from before", kept.keys().size());
    } catch (IOException | RuntimeException e) {
      LOG.warn("The SDK keys kept on disk are ignored: {}", e.toString());
    }
  }

  private void look() {
    var now = keys.changes();
    long confirmed = keys.confirmedAt();
    if (now.dropped() != written.dropped()) {
      files.putSoon(FILE, () -> keys.kept().write());
    } else if (now.added() != written.added()
        || confirmed - writtenConfirmation >= settings.confirm().toMillis()) {
      files.put(FILE, () -> keys.kept().write());
    } else {
      return;
    }
    written = now;
    writtenConfirmation = confirmed;
  }
}
