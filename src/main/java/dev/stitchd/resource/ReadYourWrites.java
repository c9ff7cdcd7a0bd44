package dev.stitchd.resource;

import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.LogFollower;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Whoever is answered that something was written sees it on this node from then on, at every door:
/// the answer waits until the node has caught up with what the transaction announced, and no longer
/// than `STITCHD_WRITES_SEEN_WITHIN`.
@Component
public final class ReadYourWrites {

  /// Where a transaction's announcements are noted, in the context of its subscription.
  private static final Class<ReadYourWrites> KEY = ReadYourWrites.class;

  /// A change of a project is one in each of its environments.
  private static final int AT_ONCE = 8;

  private final ObjectProvider<LogFollower> followers;
  private final WriteSettings settings;
  private final Scheduler timer;

  ReadYourWrites(
      ObjectProvider<LogFollower> followers,
      WriteSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.followers = followers;
    this.settings = settings;
    this.timer = timer;
  }

  /// What a transaction answers, once this node serves what it announced.
  ///
  /// @param transaction ends after its commit; units of work within it note what they announce
  public <T> Mono<T> afterwards(Mono<T> transaction) {
    return Mono.defer(() -> {
      Queue<Announcement> announced = new ConcurrentLinkedQueue<>();
      var committed = transaction.contextWrite(context -> context.put(KEY, announced));
      return Flux.concat(committed, Mono.defer(() -> caughtUp(announced)).then(Mono.<T>empty()))
          .singleOrEmpty();
    });
  }

  /// Notes what the transaction that is under way announces.
  static Mono<Void> note(Announcement announcement) {
    return Mono.deferContextual(context -> {
      if (context.hasKey(KEY)) {
        context.<Queue<Announcement>>get(KEY).add(announcement);
      }
      return Mono.empty();
    });
  }

  private Mono<Void> caughtUp(Queue<Announcement> announced) {
    var waits =
        followers
            .orderedStream()
            .flatMap(follower -> announced.stream().map(follower::caughtUp))
            .toList();
    return Flux.fromIterable(waits)
        .flatMap(wait -> wait, AT_ONCE)
        .then()
        .timeout(settings.seenWithin(), Mono.empty(), timer);
  }
}
