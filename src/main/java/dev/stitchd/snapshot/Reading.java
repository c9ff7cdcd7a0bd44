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
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Turns what the store says into views. Every read is bounded in time and empty if there is no
/// such environment; failures are [Problem.Unavailable].
final class Reading {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final PublishedItems items;
  private final LastKnownSnapshots kept;
  private final SnapshotSettings settings;
  private final Scheduler timer;
  private final Counter wholes;
  private final Counter changes;
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
    this.notice =
        Timer.builder("stitchd.snapshot.notice")
            .description("From a change's transaction until the change is held here")
            .publishPercentileHistogram()
            .register(meters);
  }

  /// Everything, from nothing; the last known state while the store does not answer.
  Mono<EpochSnapshot> first(EnvironmentId environment) {
    return whole(environment)
        .switchIfEmpty(Mono.fromRunnable(() -> gone(environment)))
        .onErrorResume(Problem.Unavailable.class, outage -> lastKnown(environment, outage));
  }

  /// Notes that an environment is gone.
  void gone(EnvironmentId environment) {
    kept.forget(environment);
  }

  private Mono<EpochSnapshot> whole(EnvironmentId environment) {
    return loaded(environment).doOnNext(kept::keep);
  }

  private Mono<EpochSnapshot> loaded(EnvironmentId environment) {
    return items
        .load(environment)
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
    return loaded(environment)
        .flatMap(loaded ->
            loaded.isBefore(view) && loaded.source() == Source.PRIMARY
                ? inANewEpoch(view)
                : Mono.just(loaded.orLater(view)))
        .doOnNext(kept::keep);
  }

  /// Everything, in an epoch other than a view's, which is void from now on.
  private Mono<EpochSnapshot> inANewEpoch(EpochSnapshot view) {
    return items
        .replaceEpoch(view.epoch())
        .then(loaded(view.snapshot().environment()))
        .map(loaded -> loaded.orLater(view));
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
    if (found.fromStandby()
        && (found.revision() < held.revision() || found.accessVersion() < held.accessVersion())) {
      return Mono.just(view.from(Source.STANDBY));
    }
    if (found.revision() < held.revision()) {
      return inANewEpoch(view);
    }
    if (found.accessVersion() != held.accessVersion()) {
      return anew(view);
    }
    changes.increment();
    if (!found.items().isEmpty()) {
      notice.record(found.age()); // the store's clock alone, so clocks may differ
    }
    return Mono.just(view.with(found, settings.log()));
  }

  private Mono<EpochSnapshot> lastKnown(EnvironmentId environment, Problem outage) {
    return kept.last(environment).switchIfEmpty(Mono.error(outage));
  }

  private Mono<EpochSnapshot> withRemovals(State state) {
    return items
        .changesSince(state.environment(), Math.max(0, state.revision() - settings.log()))
        .map(found -> EpochSnapshot.of(state, found, settings.log()));
  }

  private static Problem late(Duration limit) {
    return new Problem.Unavailable(
        "the configuration store did not answer within " + limit + "; try again", RETRY);
  }

  private static Counter counter(String kind, MeterRegistry meters) {
    return Counter.builder("stitchd.snapshot.reads")
        .description("Reads of published configuration: whole environments, or what is newer")
        .tag("kind", kind)
        .register(meters);
  }
}
