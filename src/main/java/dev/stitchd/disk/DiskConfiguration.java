package dev.stitchd.disk;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class DiskConfiguration {

  /// More reads than environments may be loaded do not wait.
  private static final int WAITING = 20_000;

  @Bean
  DataFolder dataFolder(DataSettings settings) {
    return DataFolder.locked(settings.dataDir());
  }

  /// The one thread that waits for files of state.
  @Bean(destroyMethod = "dispose")
  Scheduler stateFileThread() {
    return Schedulers.newBoundedElastic(1, WAITING, "state-files");
  }

  @Bean
  StateFiles stateFiles(
      DataFolder data,
      StateFileSettings settings,
      @Qualifier("stateFileThread") Scheduler stateFileThread) {
    return new StateFiles(
        new DurableFolder(data.path("snapshots")), settings, new DiskThread(stateFileThread));
  }

  @Bean
  StateFilesJob stateFilesJob(
      StateFiles files,
      StateFileSettings settings,
      @Qualifier("timer") Scheduler timer,
      @Qualifier("stateFileThread") Scheduler stateFileThread) {
    return new StateFilesJob(files, settings, timer, new DiskThread(stateFileThread));
  }
}
