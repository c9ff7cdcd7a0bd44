package dev.stitchd.segment;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Replica;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.LogFollower;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// When this node last heard that lists of an environment changed: by writing them itself, or by an
/// announcement. A replica that is asked for them has to have all that was committed before. Safe
/// from any thread.
@Component
public final class ListChanges implements BackgroundJob, LogFollower {

  /// Environments that are remembered one by one; if more change, all count as changed.
  private static final int REMEMBERED = 10_000;

  private final ConcurrentMap<EnvironmentId, Long> changed = new ConcurrentHashMap<>();
  private final ChangeFeed feed;
  private final Replica replica;
  private volatile long allChanged;

  ListChanges(ChangeFeed feed, Replica replica) {
    this.feed = feed;
    this.replica = replica;
    this.allChanged = replica.now();
  }

  /// As [Replica#now] tells the time.
  public long last(EnvironmentId environment) {
    long all = allChanged;
    long one = changed.getOrDefault(environment, all);
    return one - all > 0 ? one : all;
  }

  @Override
  public String name() {
    return "changes of lists";
  }

  @Override
  public String withoutIt() {
    return "what other nodes changed is read from a replica as late as that may be";
  }

  @Override
  public StartOrder order() {
    return StartOrder.SNAPSHOTS;
  }

  @Override
  public Flux<Void> work() {
    return feed.announcements()
        .concatMap(announcement -> Mono.<Void>fromRunnable(() -> heard(announcement)));
  }

  /// Noted before anybody is waited for, since nothing is read here.
  @Override
  public Mono<Void> caughtUp(Announcement committed) {
    heard(committed);
    return Mono.empty();
  }

  /// Notes that members were committed one by one, which is announced later.
  void committed(EnvironmentId environment) {
    if (changed.size() >= REMEMBERED) {
      changed.clear();
      allChanged = replica.now();
    }
    changed.put(environment, replica.now());
  }

  private void heard(Announcement announcement) {
    switch (announcement) {
      case Announcement.At at -> committed(at.environment());
      case Announcement.Removed removed -> committed(removed.environment());
      case Announcement.Resync _ -> allChanged = replica.now();
    }
  }
}
