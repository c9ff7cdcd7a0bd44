package dev.stitchd.kept;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Writes what waits, at the interval and when something is urgent; at the end, once more.
final class KeptUpkeep implements SmartLifecycle {

  /// Before whoever keeps something, and after them at the end.
  private static final int PHASE = Integer.MIN_VALUE + 2;

  private static final Logger LOG = LoggerFactory.getLogger(KeptUpkeep.class);

  private final KeptFiles files;
  private final KeptSettings settings;
  private final Scheduler timer;
  private final Scheduler disk;
  private volatile @Nullable Disposable run;

  KeptUpkeep(KeptFiles files, KeptSettings settings, Scheduler timer, Scheduler disk) {
    this.files = files;
    this.settings = settings;
    this.timer = timer;
    this.disk = disk;
  }

  @Override
  public void start() {
    run =
        Flux.merge(Flux.interval(settings.writeEvery(), timer), files.urgent())
            .onBackpressureLatest()
            .concatMap(_ -> flush(), 1)
            .subscribe(_ -> {}, failure -> LOG.error("Snapshots are no longer kept", failure));
  }

  @Override
  public void stop(Runnable done) {
    var running = run;
    run = null;
    if (running != null) {
      running.dispose();
    }
    var last =
        flush()
            .timeout(settings.stopWithin(), Mono.empty(), timer)
            .doFinally(_ -> done.run())
            .subscribe();
    LOG.debug("Writing what is newer than the files: {}", last);
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return run != null;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }

  private Mono<Void> flush() {
    return Mono.<Void>fromRunnable(files::flush)
        .subscribeOn(disk)
        .onErrorResume(failure -> Mono.fromRunnable(() -> LOG.error("Not all was kept", failure)));
  }
}
