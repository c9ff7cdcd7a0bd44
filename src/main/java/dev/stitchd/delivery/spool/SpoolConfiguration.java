package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.queue.DeliverySettings;
import dev.stitchd.delivery.queue.EventCounters;
import dev.stitchd.delivery.queue.MeasuredSink;
import dev.stitchd.disk.DataFolder;
import dev.stitchd.disk.DiskThread;
import dev.stitchd.disk.DurableFolder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the way over the disk together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SpoolSettings.class)
class SpoolConfiguration {

  private static final int IDLE_SECONDS = 60;

  /// The replay and whoever comes next.
  private static final int MORE_TASKS = 8;

  /// For what blocks: files. One thread, so one file at a time; each insert in flight waits for at
  /// most one.
  @Bean(destroyMethod = "dispose")
  @Qualifier("disk")
  Scheduler diskScheduler(DeliverySettings settings) {
    return Schedulers.newBoundedElastic(
        1, settings.insertsInFlight() + MORE_TASKS, "disk", IDLE_SECONDS, true);
  }

  @Bean
  DiskThread diskThread(@Qualifier("disk") Scheduler blocking) {
    return new DiskThread(blocking);
  }

  @Bean
  SpoolMeters spoolMeters(MeterRegistry meters) {
    return new SpoolMeters(meters);
  }

  @Bean
  FileSpool fileSpool(
      DataFolder data,
      DiskThread disk,
      SpoolSettings settings,
      EventCounters counters,
      SpoolMeters meters,
      Clock clock) {
    return new FileSpool(
        new SpoolFolder(new DurableFolder(data.within("spool"))),
        disk,
        settings,
        counters,
        meters,
        clock);
  }

  @Bean
  DeadLetterFiles deadLetters(
      DataFolder data, DiskThread disk, SpoolSettings settings, SpoolMeters meters, Clock clock) {
    return new DeadLetterFiles(data.within("dead"), disk, settings, meters, clock);
  }

  @Bean
  SpoolJob spoolJob(
      FileSpool spool,
      DeadLetterFiles deadLetters,
      MeasuredSink inserts,
      EventCounters counters,
      DeliverySettings settings,
      SpoolSettings spoolSettings,
      @Qualifier("delivery") Scheduler delivery,
      RandomGenerator random,
      Clock clock) {
    var replay =
        new SpoolReplay(
            spool,
            inserts,
            deadLetters,
            counters,
            settings,
            spoolSettings,
            delivery,
            random,
            clock);
    return new SpoolJob(spool, deadLetters, replay);
  }
}
