package dev.stitchd.snapshot;

import dev.stitchd.disk.StateFiles;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.PublishedItems;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class SnapshotConfiguration {

  @Bean
  HeldSnapshots snapshots(
      PublishedItems items,
      StateFiles files,
      SnapshotSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var kept = new ViewFiles(files, settings.log());
    var reading = new Reading(items, kept, settings, timer, meters);
    var held = new HeldSnapshots(reading, settings, timer);
    Gauge.builder("stitchd.snapshot.environments", held, h -> h.all().size())
        .description("Environments held in memory")
        .register(meters);
    Gauge.builder("stitchd.snapshot.lag", held, SnapshotConfiguration::largestLag)
        .description("Revisions that the environment furthest behind its announcements lacks")
        .register(meters);
    return held;
  }

  @Bean
  SnapshotRefresh snapshotUpkeep(
      HeldSnapshots snapshots,
      PublishedItems items,
      ChangeFeed feed,
      SnapshotSettings settings,
      PollSettings poll,
      @Qualifier("timer") Scheduler timer) {
    return new SnapshotRefresh(snapshots, items, feed, settings, poll, timer);
  }

  private static double largestLag(HeldSnapshots held) {
    return held.all().stream().mapToLong(Held::lag).max().orElse(0);
  }
}
