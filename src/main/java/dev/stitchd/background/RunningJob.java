package dev.stitchd.background;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// A job that was started. Safe from any thread.
public final class RunningJob {

  private static final Logger LOG = LoggerFactory.getLogger(RunningJob.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final BackgroundJob job;
  private final AtomicReference<@Nullable Disposable> work = new AtomicReference<>();

  private RunningJob(BackgroundJob job) {
    this.job = job;
  }

  /// Prepares it and begins its work.
  ///
  /// @param timer for the pauses after failures
  public static RunningJob start(BackgroundJob job, Scheduler timer) {
    var running = new RunningJob(job);
    job.prepare();
    running.work.set(
        Flux.defer(job::work)
            .doOnError(running::failed)
            .retryWhen(
                Retry.backoff(Long.MAX_VALUE, FIRST_PAUSE)
                    .maxBackoff(LONGEST_PAUSE)
                    .scheduler(timer))
            .subscribe());
    return running;
  }

  /// Drains it, cancels its work and closes it; once, however often it is subscribed to. Never
  /// fails.
  public Mono<Void> stopped() {
    return Mono.defer(() -> {
      var going = work.getAndSet(null);
      return going == null
          ? Mono.empty()
          : quietly(job.drain())
              .then(Mono.<Void>fromRunnable(going::dispose))
              .then(quietly(Mono.defer(job::close)));
    });
  }

  /// The same, waiting for nothing.
  public void stop() {
    var _ = stopped().subscribe();
  }

  /// Whether its stop has not begun.
  public boolean isRunning() {
    return work.get() != null;
  }

  private Mono<Void> quietly(Mono<Void> end) {
    return end.onErrorResume(failure -> {
      LOG.warn(
          "Background job {} failed while it stopped; the process stops all the same",
          job.name(),
          failure);
      return Mono.empty();
    });
  }

  private void failed(Throwable failure) {
    LOG.error(
        "Background job {} failed and is started again within {}; until then {}",
        job.name(),
        LONGEST_PAUSE,
        job.withoutIt(),
        failure);
  }
}
