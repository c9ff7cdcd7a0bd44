package dev.stitchd.disk;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Writes what waits, at the interval and when something is urgent; at the end, once more.
final class StateFilesJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(StateFilesJob.class);

  private final StateFiles files;
  private final StateFileSettings settings;
  private final Scheduler timer;
  private final DiskThread disk;

  StateFilesJob(StateFiles files, StateFileSettings settings, Scheduler timer, DiskThread disk) {
    this.files = files;
    this.settings = settings;
    this.timer = timer;
    this.disk = disk;
  }

  @Override
  public String name() {
    return "files of snapshots";
  }

  @Override
  public String withoutIt() {
    return "snapshots and keys are not known after a restart without PostgreSQL";
  }

  @Override
  public StartOrder order() {
    return StartOrder.FILES;
  }

  @Override
  public Flux<Void> work() {
    return Flux.merge(Flux.interval(settings.writeEvery(), timer), files.urgent())
        .onBackpressureLatest()
        .concatMap(_ -> flush(), 1);
  }

  @Override
  public Mono<Void> close() {
    return flush().timeout(settings.stopWithin(), Mono.empty(), timer);
  }

  private Mono<Void> flush() {
    return disk.call(
            () -> {
              files.flush();
              return true;
            })
        .onErrorResume(failure ->
            Mono.fromRunnable(() ->
                LOG.error(
                    "Files of state: not all were written as this node stopped; it starts with older ones if PostgreSQL is out then",
                    failure)))
        .then();
  }
}
