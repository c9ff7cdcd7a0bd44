package dev.stitchd.snapshot;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.LastConfirmed;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.PublishedItems.Position;
import dev.stitchd.revisionlog.SafetyPoll;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Keeps what is held up to date: at each announcement, after each gap in the announcements, and by
/// comparing all of it with the store at the safety poll.
final class SnapshotRefresh implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotRefresh.class);
  private static final Duration RETRY = Duration.ofSeconds(1);

  /// An environment as it was when the store was asked.
  private record Compared(LoadedEnvironment loaded, EpochSnapshot view, long question) {
    static @Nullable Compared of(LoadedEnvironment loaded) {
      long question = loaded.ask();
      var view = loaded.view();
      return view == null ? null : new Compared(loaded, view, question);
    }
  }

  private final LoadedSnapshots held;
  private final PublishedItems items;
  private final ChangeFeed feed;
  private final SnapshotSettings settings;
  private final Duration poll;
  private final LastConfirmed confirmed;
  private final Scheduler timer;
  private final OutageLog outage =
      new OutageLog(
          LOG,
          "PostgreSQL does not answer, so the last known snapshots are served",
          "PostgreSQL answers again; snapshots are being brought up to date");

  SnapshotRefresh(
      LoadedSnapshots held,
      PublishedItems items,
      ChangeFeed feed,
      SnapshotSettings settings,
      SafetyPoll poll,
      Scheduler timer) {
    this.held = held;
    this.items = items;
    this.feed = feed;
    this.settings = settings;
    this.poll = poll.interval();
    this.confirmed = new LastConfirmed(poll.confirmedWithin(), timer);
    this.timer = timer;
  }

  @Override
  public String name() {
    return "snapshot refresh";
  }

  @Override
  public String withoutIt() {
    return "this node serves what it has in memory and hears of no change";
  }

  @Override
  public StartOrder order() {
    return StartOrder.SNAPSHOTS;
  }

  @Override
  public Flux<Void> work() {
    return Flux.merge(1, atRings(), atPolls());
  }

  /// When everything held was last compared with the store.
  LastConfirmed confirmed() {
    return confirmed;
  }

  private Flux<Void> atRings() {
    return feed.announcements().flatMap(this::heard, settings.reads());
  }

  private Flux<Void> atPolls() {
    return Flux.interval(poll, timer)
        .onBackpressureDrop()
        .doOnNext(_ -> held.releaseIdle())
        .concatMap(_ -> compare(), 1);
  }

  private Mono<Void> heard(Announcement announcement) {
    return switch (announcement) {
      case Announcement.At at -> refresh(at);
      case Announcement.Removed removed -> remove(removed.environment());
      case Announcement.Resync _ -> compare();
    };
  }

  private Mono<Void> refresh(Announcement.At at) {
    var found = held.find(at.environment());
    if (found != null) {
      found.announced(at.revision());
    }
    return found != null && found.isBehind(at.revision(), at.accessVersion())
        ? refresh(found, false)
        : Mono.empty();
  }

  /// Says nothing of an end of an outage, since it may have found a read under way and left
  /// everything to that; the polls do.
  private Mono<Void> refresh(LoadedEnvironment environment, boolean whole) {
    return Mono.defer(() -> {
      long begun = outage.begin();
      return environment
          .refresh(whole)
          .onErrorResume(failure -> failed(failure, environment.environment(), begun));
    });
  }

  /// Compares everything held with the store, as of before the question was asked.
  private Mono<Void> compare() {
    return Mono.defer(() -> {
      long begun = outage.begin();
      return compare(loaded()).onErrorResume(failure -> failed(failure, null, begun));
    });
  }

  private List<Compared> loaded() {
    return held.all().stream().map(Compared::of).filter(Objects::nonNull).toList();
  }

  private Mono<Void> compare(List<Compared> loaded) {
    return loaded.isEmpty()
        ? Mono.fromRunnable(confirmed::confirm)
        : items
            .positions(
                loaded.stream()
                    .collect(
                        Collectors.toMap(
                            one -> one.loaded().environment(),
                            one -> one.view().snapshot().revision())))
            .collectMap(Position::environment)
            .timeout(settings.answerWithin(), timer)
            .onErrorMap(TimeoutException.class, this::late)
            .doOnNext(_ -> outage.worked())
            .flatMap(positions -> differences(loaded, positions).reduce(true, Boolean::logicalAnd))
            .doOnNext(this::confirm)
            .then();
  }

  private void confirm(boolean all) {
    if (all) {
      confirmed.confirm();
    }
  }

  /// For each whether it is what the primary has.
  private Flux<Boolean> differences(List<Compared> loaded, Map<EnvironmentId, Position> positions) {
    return Flux.fromIterable(loaded)
        .flatMap(
            one -> difference(one, positions.get(one.loaded().environment())), settings.reads());
  }

  private Mono<Boolean> difference(Compared one, @Nullable Position position) {
    if (position == null) {
      return remove(one.loaded().environment()).thenReturn(true);
    }
    if (!one.view().differsFrom(position)) {
      one.loaded().answered(one.question(), EpochSnapshot.Source.of(position.fromStandby()));
      return Mono.just(!position.fromStandby());
    }
    one.loaded().announced(position.revision());
    return refresh(one.loaded(), one.view().isOfAnotherEpoch(position))
        .then(Mono.fromSupplier(() -> !one.loaded().isBehind(position)));
  }

  private Mono<Void> remove(EnvironmentId environment) {
    return Mono.defer(() -> {
      held.gone(environment);
      var found = held.find(environment);
      return found == null ? Mono.empty() : held.remove(found);
    });
  }

  /// Says it once for each outage; what is held keeps serving, and the next poll tries again.
  private Mono<Void> failed(Throwable failure, @Nullable EnvironmentId environment, long begun) {
    if (!(failure instanceof Problem.Unavailable)) {
      LOG.error(
          "Snapshots: environment {} could not be brought up to date; its last state is served and the next poll tries again",
          environment,
          failure);
    } else {
      outage.failed(failure, begun);
    }
    return Mono.empty();
  }

  private Problem late(Throwable failure) {
    return new Problem.Unavailable(
        "the configuration store did not answer within " + settings.answerWithin(), RETRY, failure);
  }
}
