package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.PublishedItems.Changes;
import dev.stitchd.revisionlog.PublishedItems.State;
import dev.stitchd.snapshot.EpochSnapshot.Source;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Turns what the store says into views. Every read is bounded in time and empty if there is no
/// such environment; failures are [Problem.Unavailable].
final class Reading {

  private static final Logger LOG = LoggerFactory.getLogger(Reading.class);
  private static final Duration RETRY = Duration.ofSeconds(2);

  private final PublishedItems items;
  private final LastKnownSnapshots kept;
  private final SnapshotSettings settings;
  private final Scheduler timer;
  private final Counter wholes;
  private final Counter changes;
  private final Counter removals;
  private final Timer notice;

  Reading(PublishedItems items, SnapshotSettings settings, Scheduler timer, MeterRegistry meters) {
    this(items, LastKnownSnapshots.NONE, settings, timer, meters);
  }

  /// @param kept where views are kept for a start while the store is out
  Reading(
      PublishedItems items,
      LastKnownSnapshots kept,
      SnapshotSettings settings,
      Scheduler timer,
      MeterRegistry meters) {
    this.items = items;
    this.kept = kept;
    this.settings = settings;
    this.timer = timer;
    this.wholes = counter("whole", meters);
    this.changes = counter("changes", meters);
    this.removals = counter("removals", meters);
    this.notice =
        Timer.builder("stitchd.snapshot.notice")
            .description("From a change's transaction until the change is held here")
            .publishPercentileHistogram()
            .register(meters);
  }

  /// Everything, from nothing; the last known state while the store does not answer.
  Mono<EpochSnapshot> first(EnvironmentId environment) {
    return kept.point(environment)
        .flatMap(point ->
            comparedWith(point, firstLoaded(environment)).flatMap(loaded -> orKept(loaded, point)))
        .switchIfEmpty(firstLoaded(environment))
        .doOnNext(kept::keep)
        .switchIfEmpty(Mono.fromRunnable(() -> gone(environment)))
        .onErrorResume(Problem.Unavailable.class, outage -> lastKnown(environment, outage));
  }

  /// A standby may be behind what this node served before it was started anew.
  private Mono<EpochSnapshot> orKept(EpochSnapshot loaded, HistoryPoint kept) {
    return loaded.source() == Source.STANDBY
            && (loaded.isBefore(kept) || !loaded.epoch().equals(kept.epoch()))
        ? this.kept.last(loaded.snapshot().environment()).defaultIfEmpty(loaded)
        : Mono.just(loaded);
  }

  /// Notes that an environment is gone.
  void gone(EnvironmentId environment) {
    kept.forget(environment);
  }

  private Mono<EpochSnapshot> loaded(EnvironmentId environment) {
    return loaded(items.load(environment));
  }

  /// From a replica if there is one; the primary then tells in two cheap questions whether that is
  /// true and what is newer.
  private Mono<EpochSnapshot> firstLoaded(EnvironmentId environment) {
    return loaded(
        items
            .loadFromReplica(environment, settings.loadWithin().dividedBy(2))
            .flatMap(this::confirmed)
            .switchIfEmpty(Mono.defer(() -> items.load(environment))));
  }

  private Mono<State> confirmed(State replicas) {
    return items
        .positions(Map.of(replicas.environment(), replicas.revision()))
        .next()
        .filter(replicas::isPartOf)
        .map(replicas::confirmed);
  }

  private Mono<EpochSnapshot> loaded(Mono<State> state) {
    return state
        .flatMap(this::withRemovals)
        .timeout(settings.loadWithin(), timer)
        .onErrorMap(TimeoutException.class, _ -> late(settings.loadWithin()))
        .doOnNext(_ -> wholes.increment());
  }

  /// What is newer than a view; everything if the store went back in time, or if more than items
  /// changed.
  Mono<EpochSnapshot> newer(EpochSnapshot view) {
    var held = view.snapshot();
    return view.isLastKnown() ? anew(view) : changes(view, held);
  }

  /// Everything, in place of a view; the view itself if all that answers is a standby behind it.
  Mono<EpochSnapshot> anew(EpochSnapshot view) {
    var environment = view.snapshot().environment();
    return comparedWith(view.point(), loaded(environment))
        .map(loaded -> loaded.orLater(view))
        .doOnNext(kept::keep);
  }

  /// Everything; in a new epoch if the store does not have a revision that this node knows.
  private Mono<EpochSnapshot> comparedWith(HistoryPoint known, Mono<EpochSnapshot> loading) {
    return loading.flatMap(loaded ->
        isLost(loaded, known)
            .flatMap(lost ->
                lost
                    ? inANewEpoch(loaded.snapshot().environment(), known.epoch())
                    : Mono.just(loaded)));
  }

  private Mono<Boolean> isLost(EpochSnapshot loaded, HistoryPoint known) {
    if (loaded.source() != Source.PRIMARY || !loaded.epoch().equals(known.epoch())) {
      return Mono.just(false);
    }
    if (loaded.isBefore(known)) {
      return Mono.just(true);
    }
    return items
        .identity(loaded.snapshot().environment(), known.revision())
        .timeout(settings.answerWithin(), timer)
        .onErrorMap(TimeoutException.class, _ -> late(settings.answerWithin()))
        .map(known::isContradictedBy);
  }

  /// Everything, once an epoch is void.
  private Mono<EpochSnapshot> inANewEpoch(EnvironmentId environment, UUID epoch) {
    return items
        .replaceEpoch(environment, epoch)
        .doOnNext(_ -> told(environment))
        .then(loaded(environment));
  }

  private static void told(EnvironmentId environment) {
    LOG.warn(
        "Snapshots: PostgreSQL does not have the revision of environment {} that this node knows, as after a restored backup or a fail-over that lost commits; its cursors are void and every SDK is sent everything",
        environment);
  }

  private Mono<EpochSnapshot> changes(EpochSnapshot view, Snapshot held) {
    return items
        .changesSince(held.environment(), held.revision())
        .timeout(settings.answerWithin(), timer)
        .onErrorMap(TimeoutException.class, _ -> late(settings.answerWithin()))
        .flatMap(found -> newer(view, found))
        .doOnNext(kept::keep);
  }

  private Mono<EpochSnapshot> newer(EpochSnapshot view, Changes found) {
    var held = view.snapshot();
    boolean lost =
        found.revision() < held.revision()
            || view.point().isContradictedBy(found.identityOfSince());
    if (found.fromStandby() && (lost || found.accessVersion() < held.accessVersion())) {
      return Mono.just(view.from(Source.STANDBY));
    }
    if (lost) {
      return inANewEpoch(held.environment(), view.epoch()).map(loaded -> loaded.orLater(view));
    }
    if (found.accessVersion() != held.accessVersion() || held.revision() < found.pruned()) {
      return anew(view);
    }
    changes.increment();
    if (!found.items().isEmpty()) {
      notice.record(found.age()); // the store's clock alone, so clocks may differ
    }
    return Mono.just(view.with(found, settings.log()));
  }

  /// What was removed until a view, as far as the log knows and a patch has room for; empty if the
  /// store does not have the view's revision.
  Mono<OlderRemovals> olderRemovals(EpochSnapshot view) {
    var held = view.snapshot();
    return items
        .removals(held.environment(), held.revision(), mostRemovals(held))
        .timeout(settings.answerWithin(), timer)
        .onErrorMap(TimeoutException.class, _ -> late(settings.answerWithin()))
        .doOnNext(_ -> removals.increment())
        .filter(view::isKnownTo)
        .map(view::olderRemovals);
  }

  /// An answer that several wait for: all of them until the same moment, and then in vain; it goes
  /// on without them. Never fails.
  <T> Mono<T> waitedFor(Mono<T> answer) {
    return answer.timeout(settings.catchUp(), Mono.empty(), timer).onErrorComplete().cache();
  }

  /// Until when a question about removals that failed now is not asked again.
  long olderRemovalsAgain() {
    return now() + settings.olderRemovalsPause().toMillis();
  }

  long now() {
    return timer.now(TimeUnit.MILLISECONDS);
  }

  /// A patch with more removals than this would be larger than everything.
  private int mostRemovals(Snapshot held) {
    long fit = held.history().bytes() / ItemHistory.LEAST_SIZE + 1;
    return (int) Math.min(settings.olderRemovals(), fit);
  }

  private Mono<EpochSnapshot> lastKnown(EnvironmentId environment, Problem outage) {
    return kept.last(environment).switchIfEmpty(Mono.error(outage));
  }

  private Mono<EpochSnapshot> withRemovals(State state) {
    return items
        .changesSince(state.environment(), Math.max(0, state.revision() - settings.log()))
        .flatMap(found ->
            found.pruned() > state.revision() // and what was removed since then is not known
                ? items.load(state.environment()).flatMap(this::withRemovals)
                : Mono.just(EpochSnapshot.of(state, found, settings.log())));
  }

  private static Problem late(Duration limit) {
    return new Problem.Unavailable(
        "the configuration store did not answer within " + limit + "; try again", RETRY);
  }

  private static Counter counter(String kind, MeterRegistry meters) {
    return Counter.builder("stitchd.snapshot.reads")
        .description(
            "Reads of published configuration: whole environments, what is newer, or what was removed long ago")
        .tag("kind", kind)
        .register(meters);
  }
}
