package dev.stitchd.background;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/// All jobs of one line of the [StartOrder]: started one after the other, stopped side by side.
final class JobPhase implements SmartLifecycle {

  private final StartOrder order;
  private final Supplier<List<BackgroundJob>> jobs;
  private final Supplier<Scheduler> timer;
  private final List<RunningJob> running = new CopyOnWriteArrayList<>();
  private volatile boolean started;

  JobPhase(StartOrder order, Supplier<List<BackgroundJob>> jobs, Supplier<Scheduler> timer) {
    this.order = order;
    this.jobs = jobs;
    this.timer = timer;
  }

  @Override
  public void start() {
    started = true;
    jobs.get().stream()
        .filter(job -> job.order() == order)
        .forEach(job -> running.add(RunningJob.start(job, timer.get())));
  }

  @Override
  public void stop(Runnable done) {
    var stopping = List.copyOf(running);
    running.clear();
    started = false;
    var _ =
        Flux.fromIterable(stopping)
            .flatMap(RunningJob::stopped, Math.max(1, stopping.size()))
            .doFinally(_ -> done.run())
            .subscribe();
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return started;
  }

  @Override
  public int getPhase() {
    return order.phase();
  }
}
