package dev.stitchd.decide;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/// Flushes the [Tally] at an interval, and a last time when no request can come any more.
@Component
final class TallyFlush implements SmartLifecycle {

  /// Stops after the web server (the highest phases) and before delivery does.
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 3072;

  private static final Logger LOG = LoggerFactory.getLogger(TallyFlush.class);

  private final Tally tally;
  private final DecideSettings settings;
  private final Scheduler timer;
  private final Disposable.Swap work = Disposables.swap();
  private volatile boolean running;

  TallyFlush(Tally tally, DecideSettings settings, @Qualifier("timer") Scheduler timer) {
    this.tally = tally;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public void start() {
    running = true;
    work.update(
        Flux.interval(settings.countInterval(), timer)
            .onBackpressureDrop()
            .subscribe(
                _ -> tally.flush(),
                failure -> LOG.error("Bulk evaluations are not counted any more", failure)));
  }

  @Override
  public void stop() {
    work.update(Disposables.disposed());
    tally.flush();
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
