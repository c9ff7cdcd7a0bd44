package dev.stitchd.snapshot;

import dev.stitchd.disk.StateFiles;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.SafetyPoll;
import dev.stitchd.ruleset.ItemName;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Set;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class SnapshotConfiguration {

  @Bean
  LoadedSnapshots snapshots(
      PublishedItems items,
      StateFiles files,
      SnapshotSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var kept = new SnapshotFiles(files, settings.log());
    var reading = new Reading(items, kept, settings, timer, meters);
    var held = new LoadedSnapshots(reading, settings, timer);
    Gauge.builder("stitchd.snapshot.environments", held, h -> h.all().size())
        .description("Environments held in memory")
        .register(meters);
    Gauge.builder("stitchd.snapshot.lag", held, SnapshotConfiguration::largestLag)
        .description("Revisions that the environment furthest behind its announcements lacks")
        .register(meters);
    for (var kind : ItemName.Kind.values()) {
      Gauge.builder("stitchd.snapshot.unsupported", held, h -> unsupported(h, kind))
          .description("Published items in memory that this version cannot read all of")
          .tag("kind", kind.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
    return held;
  }

  /// Named in `/health/ready`: some flags give their off variants here, and only an upgrade helps.
  @Bean("unsupported-items")
  HealthIndicator unsupportedItems(LoadedSnapshots snapshots) {
    return () ->
        snapshots.all().stream().allMatch(held -> unsupported(held).isEmpty())
            ? Health.up().build()
            : Health.down().build();
  }

  private static double unsupported(LoadedSnapshots held, ItemName.Kind kind) {
    return held.all().stream()
        .flatMap(environment -> unsupported(environment).stream())
        .filter(item -> item.kind() == kind)
        .count();
  }

  private static Set<ItemName> unsupported(LoadedEnvironment environment) {
    var view = environment.view();
    return view == null ? Set.of() : view.snapshot().ruleset().unsupported();
  }

  @Bean
  SnapshotRefresh snapshotUpkeep(
      LoadedSnapshots snapshots,
      PublishedItems items,
      ChangeFeed feed,
      SnapshotSettings settings,
      SafetyPoll poll,
      @Qualifier("timer") Scheduler timer) {
    return new SnapshotRefresh(snapshots, items, feed, settings, poll, timer);
  }

  /// Named in `/health/ready`: what is served may be old.
  @Bean("snapshots-unconfirmed")
  HealthIndicator unconfirmed(SnapshotRefresh refresh) {
    return refresh.confirmed();
  }

  private static double largestLag(LoadedSnapshots held) {
    return held.all().stream().mapToLong(LoadedEnvironment::lag).max().orElse(0);
  }
}
