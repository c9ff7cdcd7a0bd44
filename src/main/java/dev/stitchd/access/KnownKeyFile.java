package dev.stitchd.access;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.disk.StateFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Carries the known SDK keys over a restart. At the start, hands them to [SdkKeys], which believes
/// them only where PostgreSQL cannot be asked; from then on, has them written when they change: a
/// new one within the files' interval, one that was let go of within a second.
@Component
final class KnownKeyFile implements BackgroundJob {

  static final String FILE = "keys";

  private static final Logger LOG = LoggerFactory.getLogger(KnownKeyFile.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final SdkKeys keys;
  private final StateFiles files;
  private final KnownKeySettings settings;
  private final Scheduler timer;

  /// What was written last; touched by one look at a time.
  private SdkKeys.Changes written = SdkKeys.Changes.NONE;

  private long writtenConfirmation;

  KnownKeyFile(
      SdkKeys keys,
      StateFiles files,
      KnownKeySettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.keys = keys;
    this.files = files;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "files of known keys";
  }

  @Override
  public String withoutIt() {
    return "SDK keys are not known after a restart without PostgreSQL";
  }

  @Override
  public StartOrder order() {
    return StartOrder.KNOWN_KEYS;
  }

  @Override
  public void prepare() {
    var content = files.readNow(FILE);
    if (content != null) {
      adopt(content);
    }
    written = keys.changes();
  }

  @Override
  public Flux<Void> work() {
    return Turns.runEvery(LOOK, timer, this::look);
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(this::look);
  }

  private void adopt(byte[] content) {
    try {
      var kept = KeyBytes.read(content);
      var age =
          Duration.ofMillis(Math.max(0, timer.now(TimeUnit.MILLISECONDS) - kept.confirmedAt()));
      if (age.compareTo(settings.longest()) > 0) {
        LOG.warn(
            "SDK keys on disk: {} were last confirmed at {}, longer than {} ago, so they are ignored and looked up in PostgreSQL (STITCHD_ACCESS_KEPT_LONGEST sets how long they are believed)",
            kept.keys().size(),
            Instant.ofEpochMilli(kept.confirmedAt()),
            settings.longest());
        return;
      }
      keys.adopt(kept);
      LOG.info(
          "SDK keys on disk: {} were read and hold while PostgreSQL is out", kept.keys().size());
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "SDK keys on disk: their file cannot be read ({}) and is ignored; keys are looked up in PostgreSQL",
          e.toString());
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
