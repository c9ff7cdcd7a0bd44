package dev.stitchd.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.MemoryChangeFeed;
import dev.stitchd.revisionlog.SafetyPoll;
import dev.stitchd.ruleset.ItemName;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class SnapshotsTest {

  static {
    StepVerifier.setDefaultTimeout(Duration.ofSeconds(10));
  }

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final SnapshotSettings SETTINGS =
      new SnapshotSettings(
          3,
          Duration.ofMinutes(15),
          10,
          100,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(2),
          Duration.ofMillis(900),
          4);

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryItems items = new MemoryItems();
  private final MemoryChangeFeed feed = new MemoryChangeFeed();
  private final LoadedSnapshots snapshots =
      new LoadedSnapshots(new Reading(items, SETTINGS, time, meters), SETTINGS, time);
  private final SnapshotRefresh refresh =
      new SnapshotRefresh(
          snapshots, items, feed, SETTINGS, new SafetyPoll(POLL, Duration.ofSeconds(10)), time);
  private final EnvironmentId environment = items.create();
  private RunningJob running;

  private String reach(String tag, long revision) {
    var reached = snapshots.reach(environment, new Cursor(tag, revision)).block();
    return reached.place() + " " + reached.snapshot().revision();
  }

  @BeforeEach
  void start() {
    running = RunningJob.start(refresh, time);
  }

  @AfterEach
  void stop() {
    running.stop();
    assertThat(items.atOnce).hasValue(0);
    VirtualTimeScheduler.reset();
  }

  @Test
  void whoKnowsOfANewerRevisionGetsItAfterOneRead() {
    items.publishFlag(environment, "checkout"); // 1
    var tag = snapshots.current(environment).block().tag();
    items.publishFlag(environment, "banner"); // 2, and nobody rings

    assertThat(reach(tag, 2)).isEqualTo("HELD 2");
    assertThat(items.changeReads).hasValue(2); // one belongs to the first load
    assertThat(reach(tag, 1)).isEqualTo("HELD 2");
    assertThat(reach("00000000", 9)).isEqualTo("HELD 2");
    assertThat(items.changeReads).hasValue(2);
  }

  @Test
  void aRevisionThatThePrimaryDoesNotKnowDoesNotExist() {
    items.publishFlag(environment, "checkout"); // 1
    var tag = snapshots.current(environment).block().tag();

    assertThat(reach(tag, 99)).isEqualTo("NONEXISTENT 1");
  }

  @Test
  void aRevisionThatNobodyCouldBeAskedForMayExist() {
    items.publishFlag(environment, "checkout"); // 1
    var tag = snapshots.current(environment).block().tag();

    items.out = true;
    assertThat(reach(tag, 2)).isEqualTo("UNCONFIRMED 1");
    items.out = false;
    items.standby = true;
    assertThat(reach(tag, 2)).isEqualTo("UNCONFIRMED 1");
    items.publishFlag(environment, "banner"); // 2
    assertThat(reach(tag, 2)).isEqualTo("HELD 2");
  }

  @Test
  void aSlowStoreIsWaitedForNoLongerThanSaid() {
    items.publishFlag(environment, "checkout"); // 1
    var tag = snapshots.current(environment).block().tag();
    items.latency = Duration.ofMillis(1_500);
    var answers = new ArrayList<Reached>();
    snapshots.reach(environment, new Cursor(tag, 2)).subscribe(answers::add);
    time.advanceTimeBy(Duration.ofMillis(899));
    assertThat(answers).isEmpty();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).singleElement().matches(a -> a.place() == Reached.Place.UNCONFIRMED);
    time.advanceTimeBy(Duration.ofSeconds(1)); // the read goes on for others
  }

  @Test
  void whetherAPlaceExistsIsSettledWhenThePrimaryHasAnsweredAQuestionAskedLater() {
    items.publishFlag(environment, "checkout"); // 1
    var tag = snapshots.current(environment).block().tag();
    items.out = true;
    var answers = new ArrayList<Reached>();
    snapshots.settled(environment, new Cursor(tag, 2)).subscribe(answers::add);
    time.advanceTimeBy(POLL);
    assertThat(answers).isEmpty();
    items.out = false;
    items.standby = true;
    time.advanceTimeBy(POLL);
    assertThat(answers).isEmpty();
    items.standby = false;
    time.advanceTimeBy(POLL);
    assertThat(answers).singleElement().matches(a -> a.place() == Reached.Place.NONEXISTENT);
  }

  @Test
  void aStandbyThatLagsTakesNothingBack() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "banner"); // 2
    var held = snapshots.current(environment).block();
    items.standby = true;
    items.restore(environment, 1); // as a standby that lags shows it

    time.advanceTimeBy(POLL);
    feed.announce(new Announcement.At(environment, 3, 1));
    feed.announce(new Announcement.Resync());
    time.advanceTimeBy(POLL);

    assertThat(snapshots.current(environment).block()).isSameAs(held);
  }

  @Test
  void oneLoadServesAllWhoWaitForIt() {
    items.publishFlag(environment, "checkout"); // 1
    items.latency = Duration.ofMillis(100);
    var seen = new ArrayList<Snapshot>();

    IntStream.range(0, 10).forEach(_ -> seen(seen, environment));
    time.advanceTimeBy(Duration.ofSeconds(1));

    assertThat(seen).hasSize(10).allMatch(snapshot -> snapshot == seen.getFirst());
    assertThat(seen.getFirst().revision()).isEqualTo(1);
    assertThat(seen.getFirst().ruleset().flags()).containsOnlyKeys("checkout");
    assertThat(items.loads).hasValue(1);
  }

  @Test
  void whoeverLeavesDoesNotTakeTheLoadWithThem() {
    items.latency = Duration.ofMillis(100);
    var seen = new ArrayList<Snapshot>();

    var impatient = seen(seen, environment);
    seen(seen, environment);
    impatient.dispose();
    time.advanceTimeBy(Duration.ofSeconds(1));

    assertThat(seen).hasSize(1);
    assertThat(items.loads).hasValue(1);
  }

  @Test
  void aRingIsReadOnceAndSeen() {
    var seen = updates();

    items.publishFlag(environment, "checkout"); // 1
    ring(1);
    items.publishFlag(environment, "banner"); // 2
    ring(2);
    ring(2);

    assertThat(revisions(seen)).containsExactly(0L, 1L, 2L);
    assertThat(items.loads).hasValue(1);
    assertThat(items.changeReads).hasValue(3); // one of them belongs to the load
  }

  @Test
  void ringsDuringAReadBecomeOneMoreRead() {
    var seen = updates();
    items.latency = Duration.ofMillis(100);
    items.mostAtOnce.set(0);

    for (int i = 1; i <= 20; i++) {
      items.publishFlag(environment, "checkout");
      ring(i);
    }
    time.advanceTimeBy(Duration.ofMillis(900));

    assertThat(revisions(seen)).containsExactly(0L, 1L, 20L);
    assertThat(items.mostAtOnce).hasValue(1);
  }

  @Test
  void aRingDuringTheFirstLoadIsNotLost() {
    items.latency = Duration.ofMillis(100);
    var seen = updates();

    items.publishFlag(environment, "checkout"); // 1
    ring(1);
    time.advanceTimeBy(Duration.ofMillis(900));

    assertThat(revisions(seen)).last().isEqualTo(1L);
  }

  @Test
  void aLostRingIsMadeUpForByThePoll() {
    var seen = updates();

    items.publishFlag(environment, "checkout"); // 1
    time.advanceTimeBy(POLL);

    assertThat(revisions(seen)).containsExactly(0L, 1L);
  }

  @Test
  void aRenewedListenerReadsWhatItMissedAtOnce() {
    var seen = updates();

    items.publishFlag(environment, "checkout"); // 1
    feed.resync();

    assertThat(revisions(seen)).containsExactly(0L, 1L);
  }

  @Test
  void keepsServingWhileTheStoreIsOutAndHealsByThePoll() {
    items.publishFlag(environment, "checkout"); // 1
    var seen = updates();

    items.out = true;
    ring(2);
    time.advanceTimeBy(Duration.ofMinutes(1));
    assertThat(seen(new ArrayList<>(), environment).isDisposed()).isTrue();
    items.publishFlag(environment, "checkout"); // 2
    items.out = false;
    time.advanceTimeBy(POLL);

    assertThat(revisions(seen)).containsExactly(1L, 2L);
  }

  @Test
  void sayThatTheStoreIsOutToWhoeverNeedsALoadAndLoadForTheNext() {
    items.out = true;
    snapshots.current(environment).as(StepVerifier::create).verifyError(Problem.Unavailable.class);

    items.out = false;

    snapshots.current(environment).as(StepVerifier::create).expectNextCount(1).verifyComplete();
  }

  @Test
  void aStoreThatDoesNotAnswerIsUnavailable() {
    items.latency = Duration.ofHours(1);
    var failures = new ArrayList<Throwable>();

    snapshots.current(environment).subscribe(_ -> {}, failures::add);
    time.advanceTimeBy(SETTINGS.loadWithin());

    assertThat(failures).hasSize(1).first().isInstanceOf(Problem.Unavailable.class);
    assertThat(snapshots.all()).isEmpty();
  }

  @Test
  void thereIsNoSuchEnvironment() {
    snapshots
        .current(new EnvironmentId(UUID.randomUUID()))
        .as(StepVerifier::create)
        .verifyError(Problem.NotFound.class);

    assertThat(snapshots.all()).isEmpty();
  }

  @Test
  void aDeletedEnvironmentEndsItsUpdatesByRing() {
    snapshots
        .updates(environment)
        .as(StepVerifier::create)
        .expectNextCount(1)
        .then(() -> items.delete(environment))
        .then(() -> feed.announce(new Announcement.Removed(environment)))
        .verifyComplete();

    assertThat(snapshots.all()).isEmpty();
  }

  @Test
  void aDeletedEnvironmentEndsItsUpdatesByPoll() {
    snapshots
        .updates(environment)
        .as(StepVerifier::create)
        .expectNextCount(1)
        .then(() -> items.delete(environment))
        .then(() -> time.advanceTimeBy(POLL))
        .verifyComplete();

    assertThat(snapshots.all()).isEmpty();
  }

  @Test
  void aDeletionDuringAReadIsNotLost() {
    var completed = new ArrayList<Boolean>();
    snapshots.updates(environment).subscribe(_ -> {}, _ -> {}, () -> completed.add(true));
    items.latency = Duration.ofMillis(100);

    items.publishFlag(environment, "checkout"); // 1
    ring(1);
    items.delete(environment);
    feed.announce(new Announcement.Removed(environment));
    time.advanceTimeBy(Duration.ofMillis(500));

    assertThat(completed).hasSize(1);
  }

  @Test
  void aRevisionThatGoesBackwardsBeginsANewEpochOfItsEnvironmentAlone() {
    var other = items.create();
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "banner"); // 2
    var seen = updates();
    var others = new ArrayList<Snapshot>();
    snapshots.updates(other).subscribe(others::add);
    var epoch = items.epoch(environment);

    items.restore(environment, 1);
    time.advanceTimeBy(POLL);
    time.advanceTimeBy(POLL);

    assertThat(items.epoch(environment)).isNotEqualTo(epoch);
    assertThat(revisions(seen)).containsExactly(2L, 1L);
    assertThat(seen.getLast().ruleset().flags()).containsOnlyKeys("checkout");
    assertThat(seen.getLast().tag()).matches("[0-9a-f]{8}").isNotEqualTo(seen.getFirst().tag());
    assertThat(others).as("another environment's history is its own").hasSize(1);
  }

  @Test
  void anotherRevisionOfTheSameNumberBeginsANewEpoch() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "lost"); // 2
    var seen = updates();
    items.restore(environment, 1);
    items.publishFlag(environment, "banner"); // another 2
    time.advanceTimeBy(POLL);

    assertThat(revisions(seen)).containsExactly(2L, 2L);
    assertThat(seen.getLast().ruleset().flags()).containsOnlyKeys("checkout", "banner");
    assertThat(seen.getLast().tag()).isNotEqualTo(seen.getFirst().tag());
  }

  @Test
  void whoWroteAfterARestoreSeesItWhateverNumbersThisNodeHad() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "lost"); // 2
    items.publishFlag(environment, "lost too"); // 3
    var before = snapshots.current(environment).block();
    items.restore(environment, 1);
    items.publishFlag(environment, "banner"); // another 2
    snapshots.caughtUp(new Announcement.At(environment, 2, 1)).block();

    var fewer = snapshots.held(environment);
    assertThat(fewer.revision()).isEqualTo(2);
    assertThat(fewer.ruleset().flags()).containsOnlyKeys("checkout", "banner");
    assertThat(fewer.tag()).isNotEqualTo(before.tag());

    items.restore(environment, 1);
    items.publishFlag(environment, "third"); // a third 2
    snapshots.caughtUp(new Announcement.At(environment, 2, 1)).block();

    var equal = snapshots.held(environment);
    assertThat(equal.ruleset().flags()).containsOnlyKeys("checkout", "third");
    assertThat(equal.tag()).isNotEqualTo(fewer.tag());
  }

  @Test
  void aFailOverThatLostOneRevisionAndMadeTwoBeginsANewEpoch() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "lost"); // 2
    var seen = updates();
    items.restore(environment, 1);
    items.publishFlag(environment, "banner"); // another 2
    items.publishFlag(environment, "third"); // 3
    feed.announce(new Announcement.At(environment, 3, 1));

    assertThat(seen.getLast().ruleset().flags()).containsOnlyKeys("checkout", "banner", "third");
    assertThat(seen.getLast().tag()).isNotEqualTo(seen.getFirst().tag());
  }

  @Test
  void aFirstLoadFromAReplicaIsBroughtUpToDate() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "gone"); // 2
    items.replicate(environment);
    items.publishFlag(environment, "banner"); // 3
    items.removeFlag(environment, "gone"); // 4

    var snapshot = snapshots.current(environment).block();

    assertThat(snapshot.revision()).isEqualTo(4);
    assertThat(snapshot.ruleset().flags()).containsOnlyKeys("checkout", "banner");
    assertThat(items.loads).hasValue(0);
    assertThat(reach(snapshot.tag(), 9)).as("the primary's word").isEqualTo("NONEXISTENT 4");
  }

  @Test
  void whatAReplicaHasAndThePrimaryHasNotIsServedToNobody() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "lost"); // 2
    items.replicate(environment);
    items.restore(environment, 1);
    items.publishFlag(environment, "banner"); // another 2
    items.publishFlag(environment, "third"); // 3
    var epoch = items.epoch(environment);

    var snapshot = snapshots.current(environment).block();

    assertThat(snapshot.ruleset().flags()).containsOnlyKeys("checkout", "banner", "third");
    assertThat(items.epoch(environment)).as("nobody was told of it").isEqualTo(epoch);
    assertThat(items.loads).hasValue(1);
  }

  @Test
  void settingsThatAReplicaDoesNotHaveAreRead() {
    items.replicate(environment);
    items.changeSettings(environment, Json.parseOwn("{\"allowedOrigins\":[\"*\"]}"));

    var snapshot = snapshots.current(environment).block();

    assertThat(snapshot.accessVersion()).isEqualTo(2);
    assertThat(snapshot.settings().json().path("allowedOrigins").size()).isEqualTo(1);
  }

  @Test
  void anEnvironmentThatOnlyAReplicaHasIsNone() {
    items.replicate(environment);
    items.delete(environment);

    snapshots.current(environment).as(StepVerifier::create).verifyError(Problem.NotFound.class);
  }

  @Test
  void changedSettingsAreReadThoughTheRevisionStays() {
    var seen = updates();

    items.changeSettings(environment, Json.parseOwn("{\"allowedOrigins\":[\"*\"]}"));
    feed.announce(new Announcement.At(environment, 0, 2));

    assertThat(seen).hasSize(2);
    assertThat(seen.getLast().accessVersion()).isEqualTo(2);
    assertThat(seen.getLast().settings().json().path("allowedOrigins").size()).isEqualTo(1);
  }

  @Test
  void aSlowSubscriberSkipsToTheNewest() {
    snapshots
        .updates(environment)
        .as(updates -> StepVerifier.create(updates, 1))
        .expectNextMatches(snapshot -> snapshot.revision() == 0)
        .then(() -> IntStream.rangeClosed(1, 100).forEach(this::publishAndRing))
        .thenRequest(1)
        .expectNextMatches(snapshot -> snapshot.revision() == 100)
        .thenCancel()
        .verify();
  }

  @Test
  void whatNobodyUsesIsReleasedAndWhatIsStreamedStays() {
    var idle = items.create();
    seen(new ArrayList<>(), idle);
    var stream = snapshots.updates(environment).subscribe();

    time.advanceTimeBy(SETTINGS.idle().plus(POLL.multipliedBy(2)));
    assertThat(held()).containsExactly(environment);

    stream.dispose();
    time.advanceTimeBy(SETTINGS.idle().plus(POLL.multipliedBy(2)));
    assertThat(held()).isEmpty();
  }

  @Test
  void holdsNoMoreEnvironmentsThanItMay() {
    var streams = new ArrayList<Disposable>();
    for (int i = 0; i < SETTINGS.environments(); i++) {
      streams.add(snapshots.updates(items.create()).subscribe());
    }
    snapshots.current(environment).as(StepVerifier::create).verifyError(Problem.Unavailable.class);

    streams.getFirst().dispose();

    snapshots.current(environment).as(StepVerifier::create).expectNextCount(1).verifyComplete();
    assertThat(snapshots.all()).hasSize(SETTINGS.environments());
  }

  @Test
  void aDamagedItemIsSentOnAndDoesNotTakeOthersWithIt() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "damaged", Json.parseOwn("{\"type\":\"sandwich\"}")); // 2

    var seen = updates();

    var ruleset = seen.getLast().ruleset();
    assertThat(ruleset.flags()).containsOnlyKeys("checkout", "damaged");
    assertThat(ruleset.flags().get("checkout").unsupported()).isNull();
    assertThat(ruleset.unsupported()).containsExactly(ItemName.flag("damaged"));
    assertThat(seen.getLast().history().present()).hasSize(2);
  }

  @Test
  void aLoadKnowsTheRemovalsOfTheRecentPast() {
    items.publishFlag(environment, "old"); // 1
    items.publishFlag(environment, "new"); // 2
    items.removeFlag(environment, "old"); // 3

    var history = updates().getLast().history();

    assertThat(history.present()).extracting(ItemHistory.Entry::key).containsExactly("new");
    assertThat(history.since(1)).extracting(ItemHistory.Entry::key).containsExactly("new", "old");
    assertThat(history.since(1).getLast().json()).isNull();
    assertThat(history.since(2)).extracting(ItemHistory.Entry::key).containsExactly("old");
    assertThat(history.since(3)).isEmpty();
  }

  @Test
  void aLoadDoesNotClaimToKnowWhatItDoesNot() {
    IntStream.rangeClosed(1, 30).forEach(_ -> items.publishFlag(environment, "checkout"));

    var history = updates().getLast().history(); // looks back 10 revisions

    assertThat(history.since(19)).isNull();
    assertThat(history.since(20)).hasSize(1);
  }

  @Test
  void aNodeThatWasAwayForLongerThanTheHistoryMissesNoRemoval() {
    items.publishFlag(environment, "gone");
    var seen = updates();
    long removed = items.removeFlag(environment, "gone");
    items.publishFlag(environment, "new");
    items.prune(environment, removed);
    ring(removed + 1);

    assertThat(seen.getLast().ruleset().flags()).containsOnlyKeys("new");
    assertThat(seen.getLast().history().since(removed - 1)).isNull();
    assertThat(seen.getLast().history().since(removed)).isNotNull();
  }

  @Test
  void whatANodeDoesNotRememberIsReadOnceForAllWhoAsk() {
    var seen = longPast();
    assertThat(seen.getLast().history().since(1)).isNull();
    items.latency = Duration.ofMillis(100);

    var first = snapshots.olderRemovals(environment).toFuture();
    var second = snapshots.olderRemovals(environment).toFuture();
    time.advanceTimeBy(Duration.ofMillis(100));
    items.publishFlag(environment, "new");
    ring(33);
    time.advanceTimeBy(Duration.ofMillis(100));
    var third = snapshots.olderRemovals(environment).toFuture();

    assertThat(first).isCompleted();
    assertThat(second.join()).isSameAs(first.join());
    assertThat(third.join()).as("later ones too").isSameAs(first.join());
    assertThat(items.removalReads).hasValue(1);
    var history = seen.getLast().history().reaching(first.join());
    assertThat(history.since(1))
        .extracting(ItemHistory.Entry::key)
        .containsExactly("old", "checkout", "new");
    assertThat(history.since(1).getFirst().json()).isNull();
    assertThat(history.since(2)).extracting(ItemHistory.Entry::key).doesNotContain("old");
  }

  @Test
  void aStoreThatLostTheRevisionIsNotAskedWhatWasRemoved() {
    var _ = longPast();
    items.restore(environment, 5);
    assertThat(snapshots.olderRemovals(environment).blockOptional()).isEmpty();
  }

  @Test
  void aStoreThatHasAnotherRevisionIsNotAskedWhatWasRemoved() {
    var _ = longPast();
    items.restore(environment, 5);
    IntStream.rangeClosed(1, 30).forEach(_ -> items.publishFlag(environment, "other"));
    assertThat(snapshots.olderRemovals(environment).blockOptional())
        .as("another revision of the same number")
        .isEmpty();
  }

  @Test
  void aStoreThatIsOutIsAskedAgainByTheNextAfterAPause() {
    var _ = longPast();
    items.out = true;
    assertThat(snapshots.olderRemovals(environment).blockOptional()).isEmpty();
    items.out = false;
    assertThat(snapshots.olderRemovals(environment).blockOptional()).isEmpty();
    assertThat(items.removalReads).as("while there is a pause").hasValue(0);
    time.advanceTimeBy(SETTINGS.olderRemovalsPause());
    assertThat(snapshots.olderRemovals(environment).blockOptional()).isPresent();
  }

  /// The first waits as long as anybody does, those who come meanwhile until the same moment, and
  /// those who come after it not at all.
  @Test
  void nobodyWaitsForAStoreThatDoesNotSayWhatWasRemovedOnceSomebodyDidInVain() {
    var _ = longPast();
    items.latency = Duration.ofHours(1);
    var first = snapshots.olderRemovals(environment).toFuture();
    time.advanceTimeBy(SETTINGS.catchUp().minusMillis(100));
    var second = snapshots.olderRemovals(environment).toFuture();
    assertThat(first).isNotDone();
    time.advanceTimeBy(Duration.ofMillis(100));
    assertThat(first).isCompletedWithValue(null);
    assertThat(second).isCompletedWithValue(null);
    assertThat(snapshots.olderRemovals(environment).toFuture()).isCompletedWithValue(null);

    time.advanceTimeBy(SETTINGS.answerWithin()); // the read has failed
    assertThat(snapshots.olderRemovals(environment).toFuture()).isCompletedWithValue(null);
    items.latency = Duration.ZERO;
    time.advanceTimeBy(SETTINGS.olderRemovalsPause());
    assertThat(snapshots.olderRemovals(environment).blockOptional()).isPresent();
  }

  /// One flag that was removed long before what is remembered.
  private List<Snapshot> longPast() {
    items.publishFlag(environment, "old"); // 1
    items.removeFlag(environment, "old"); // 2
    IntStream.rangeClosed(1, 30).forEach(_ -> items.publishFlag(environment, "checkout"));
    return updates();
  }

  private void publishAndRing(int revision) {
    items.publishFlag(environment, "checkout");
    ring(revision);
  }

  private void ring(long revision) {
    feed.announce(new Announcement.At(environment, revision, 1));
  }

  private List<Snapshot> updates() {
    var seen = new ArrayList<Snapshot>();
    Flux<Snapshot> updates = snapshots.updates(environment);
    var _ = updates.subscribe(seen::add);
    return seen;
  }

  private Disposable seen(List<Snapshot> seen, EnvironmentId id) {
    return snapshots.current(id).subscribe(seen::add);
  }

  private List<EnvironmentId> held() {
    return snapshots.all().stream().map(LoadedEnvironment::environment).toList();
  }

  private static List<Long> revisions(List<Snapshot> seen) {
    return seen.stream().map(Snapshot::revision).toList();
  }
}
