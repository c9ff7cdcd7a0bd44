package dev.stitchd.kept;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class KeptConfiguration {

  /// More reads than environments may be held do not wait.
  private static final int WAITING = 20_000;

  /// The one thread that waits for the disk.
  @Bean(destroyMethod = "dispose")
  Scheduler kept() {
    return Schedulers.newBoundedElastic(1, WAITING, "kept");
  }

  @Bean
  KeptFiles keptFiles(DataSettings data, KeptSettings settings, @Qualifier("kept") Scheduler kept) {
    return new KeptFiles(new Folder(data.snapshots()), settings, kept);
  }

  @Bean
  KeptUpkeep keptUpkeep(
      KeptFiles files,
      KeptSettings settings,
      @Qualifier("timer") Scheduler timer,
      @Qualifier("kept") Scheduler kept) {
    return new KeptUpkeep(files, settings, timer, kept);
  }
}
