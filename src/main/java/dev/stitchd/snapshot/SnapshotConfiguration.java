package dev.stitchd.snapshot;

import dev.stitchd.catalog.PublishedItems;
import dev.stitchd.changefeed.ChangeFeed;
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
      SnapshotSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var held = new HeldSnapshots(new Reading(items, settings, timer, meters), settings, timer);
    Gauge.builder("stitchd.snapshot.environments", held, h -> h.all().size())
        .description("Environments held in memory")
        .register(meters);
    Gauge.builder("stitchd.snapshot.lag", held, SnapshotConfiguration::largestLag)
        .description("Revisions that the environment furthest behind its announcements lacks")
        .register(meters);
    return held;
  }

  @Bean
  Upkeep snapshotUpkeep(
      HeldSnapshots snapshots,
      PublishedItems items,
      ChangeFeed feed,
      SnapshotSettings settings,
      PollSettings poll,
      @Qualifier("timer") Scheduler timer) {
    return new Upkeep(snapshots, items, feed, settings, poll, timer);
  }

  private static double largestLag(HeldSnapshots held) {
    return held.all().stream().mapToLong(Held::lag).max().orElse(0);
  }
}
