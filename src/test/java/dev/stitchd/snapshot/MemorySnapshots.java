package dev.stitchd.snapshot;

import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.MemoryChangeFeed;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.SafetyPoll;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;

/// The real snapshots over [MemoryItems], for the tests of rooms that read them: what a test
/// publishes is seen at once.
public final class MemorySnapshots implements Snapshots {

  private static final SnapshotSettings SETTINGS =
      new SnapshotSettings(
          100,
          Duration.ofMinutes(15),
          1_000,
          10_000,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(2),
          Duration.ofSeconds(1),
          4);

  public final MemoryItems items = new MemoryItems();
  private final MemoryChangeFeed feed = new MemoryChangeFeed();
  private final LoadedSnapshots held;
  private final RunningJob refreshing;

  public MemorySnapshots(Scheduler timer) {
    held =
        new LoadedSnapshots(
            new Reading(items, SETTINGS, timer, new SimpleMeterRegistry()), SETTINGS, timer);
    var refresh =
        new SnapshotRefresh(
            held,
            items,
            feed,
            SETTINGS,
            new SafetyPoll(Duration.ofHours(10), Duration.ofSeconds(10)),
            timer);
    refreshing = RunningJob.start(refresh, timer);
  }

  @Override
  public Mono<Snapshot> current(EnvironmentId environment) {
    return held.current(environment);
  }

  @Override
  public Snapshot held(EnvironmentId environment) {
    return held.held(environment);
  }

  @Override
  public Mono<Reached> reach(EnvironmentId environment, Cursor told) {
    return held.reach(environment, told);
  }

  @Override
  public Mono<Reached> settled(EnvironmentId environment, Cursor told) {
    return held.settled(environment, told);
  }

  @Override
  public Mono<OlderRemovals> olderRemovals(EnvironmentId environment) {
    return held.olderRemovals(environment);
  }

  @Override
  public Flux<Snapshot> updates(EnvironmentId environment) {
    return held.updates(environment);
  }

  /// Publishes a boolean flag in a new revision, which it answers.
  public long publishFlag(EnvironmentId environment, String key) {
    return ring(environment, items.publishFlag(environment, key));
  }

  /// Publishes an item as it is given, null to remove it.
  public long publish(
      EnvironmentId environment, PublishedItems.Kind kind, String key, JsonNode state) {
    return ring(environment, items.publish(environment, kind, key, state));
  }

  public long removeFlag(EnvironmentId environment, String key) {
    return ring(environment, items.removeFlag(environment, key));
  }

  public void delete(EnvironmentId environment) {
    items.delete(environment);
    feed.announce(new Announcement.Removed(environment));
  }

  public void stop() {
    refreshing.stop();
  }

  private long ring(EnvironmentId environment, long revision) {
    feed.announce(new Announcement.At(environment, revision, 1));
    return revision;
  }
}
