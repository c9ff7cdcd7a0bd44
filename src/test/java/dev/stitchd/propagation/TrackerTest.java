package dev.stitchd.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class TrackerTest {

  private static final PropagationSettings SETTINGS =
      new PropagationSettings(
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          2,
          4,
          3,
          3,
          2,
          Duration.ofMinutes(5),
          100,
          10);

  private final Ticking clock = new Ticking();
  private final Tracker tracker = new Tracker(SETTINGS, clock);
  private final EnvironmentId environment = new EnvironmentId(UUID.randomUUID());

  /// Goes on when told to.
  private static final class Ticking extends Clock {
    private long now = 1_000_000;

    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }

    @Override
    public java.time.Instant instant() {
      return java.time.Instant.ofEpochMilli(now);
    }
  }

  @Test
  void aStreamIsAtTheRevisionItWasSentLast() {
    tracker.sent(environment, Deliveries.NOWHERE, 7, 3);
    tracker.sent(environment, 7, 8, 2);
    tracker.ended(environment, 7, 1);

    var summary = SummaryJson.read(Json.parseOwn(only(tracker.take(0)).json()));

    assertThat(summary.places()).containsExactly(new SummaryJson.Place(8, 2));
    assertThat(summary.sends())
        .singleElement()
        .satisfies(wave -> {
          assertThat(wave.revision()).isEqualTo(8);
          assertThat(wave.first()).isEqualTo(1_000_000);
          assertThat(wave.counts()).singleElement().isEqualTo(new int[] {0, 2});
        });
  }

  @Test
  void aStreamThatSkipsRevisionsWasSentAllOfThem() {
    tracker.sent(environment, Deliveries.NOWHERE, 1, 1);
    tracker.sent(environment, 1, 4, 1);

    var summary = SummaryJson.read(Json.parseOwn(only(tracker.take(500)).json()));

    assertThat(summary.sends()).extracting(SummaryJson.Sends::revision).containsExactly(2L, 3L, 4L);
    assertThat(summary.sends()).extracting(SummaryJson.Sends::first).containsOnly(1_000_500L);
  }

  @Test
  void delaysAreKeptForTheNewestRevisionsOnlyWhateverTheJump() {
    tracker.sent(environment, Deliveries.NOWHERE, 1, 1);
    tracker.sent(environment, 1, 1_000_000_000, 1);

    assertThat(SummaryJson.read(Json.parseOwn(only(tracker.take(0)).json())).sends())
        .extracting(SummaryJson.Sends::revision)
        .containsExactly(999_999_997L, 999_999_998L, 999_999_999L, 1_000_000_000L);
  }

  @Test
  void streamsAtManyPlacesAreCountedTogetherAtTheLowest() {
    for (int revision = 1; revision <= 5; revision++) {
      tracker.sent(environment, Deliveries.NOWHERE, revision, revision);
    }

    assertThat(SummaryJson.read(Json.parseOwn(only(tracker.take(0)).json())).places())
        .containsExactlyInAnyOrder(
            new SummaryJson.Place(5, 5), new SummaryJson.Place(4, 4), new SummaryJson.Place(1, 6));
  }

  @Test
  void whatDidNotChangeIsWrittenAgainBeforeItIsStaleAndNotMoreOften() {
    tracker.sent(environment, Deliveries.NOWHERE, 1, 1);
    assertThat(tracker.take(0).summaries()).hasSize(1);
    clock.now += 4_999;
    assertThat(tracker.take(0).isEmpty()).isTrue();
    clock.now += 1;
    assertThat(tracker.take(0).summaries()).hasSize(1);
  }

  @Test
  void whatCouldNotBeWrittenIsWrittenNextTime() {
    tracker.sent(environment, Deliveries.NOWHERE, 1, 1);
    tracker.applied(environment, "web-1", new Cursor("0badcafe", 1));
    var batch = tracker.take(0);
    tracker.putBack(batch);

    assertThat(tracker.take(0)).isEqualTo(batch);
    assertThat(tracker.take(0).isEmpty()).isTrue();
  }

  @Test
  void oneStatementTakesSoManyEnvironmentsAndTheOthersComeNext() {
    var all = new java.util.HashSet<EnvironmentId>();
    for (int i = 0; i < 5; i++) {
      var one = new EnvironmentId(UUID.randomUUID());
      all.add(one);
      tracker.sent(one, Deliveries.NOWHERE, 1, 1);
    }
    for (int i = 0; i < 3; i++) {
      var summaries = tracker.take(0).summaries();
      assertThat(summaries.size()).isLessThanOrEqualTo(2);
      summaries.forEach(summary -> all.remove(summary.environment()));
    }
    assertThat(all).isEmpty();
  }

  @Test
  void whenTheLastStreamEndsNothingIsLeft() {
    tracker.sent(environment, Deliveries.NOWHERE, 1, 1);
    tracker.ended(environment, 1, 1);
    assertThat(only(tracker.take(0)).streams()).isZero();
    assertThat(tracker.size()).isZero();
  }

  @Test
  void theNewestReceiptsOfAnInstanceAreKept() {
    for (int revision : new int[] {1, 3, 2, 5}) {
      clock.now++;
      tracker.applied(environment, "web-1", new Cursor("0badcafe", revision));
    }
    var state = tracker.take(10).instances().getFirst();
    assertThat(state.revision()).isEqualTo(5);
    assertThat(state.receipts()).isEqualTo("[[3,1000012],[5,1000014]]");
  }

  @Test
  void anotherHistoryBeginsAnew() {
    tracker.applied(environment, "web-1", new Cursor("0badcafe", 9));
    tracker.applied(environment, "web-1", new Cursor("1badcafe", 2));
    assertThat(tracker.take(0).instances().getFirst().revision()).isEqualTo(2);
  }

  @Test
  void moreInstancesThanAreFollowedMakeTheAnswerIncompleteAndNoMore() {
    for (int i = 0; i < 100; i++) {
      tracker.applied(environment, "web-" + i, new Cursor("0badcafe", 1));
    }
    var batch = tracker.take(0);
    assertThat(batch.instances()).hasSize(3);
    assertThat(SummaryJson.read(Json.parseOwn(only(batch).json())).full()).isTrue();

    clock.now += Duration.ofMinutes(5).toMillis() + 1;
    tracker.applied(environment, "new", new Cursor("0badcafe", 1));
    assertThat(tracker.take(0).instances())
        .extracting(Tracker.InstanceState::instance)
        .contains("new");
  }

  @Test
  void anInstanceThatStreamsIsKnownForAsLongAsItDoes() {
    var snapshot = snapshot();
    assertThat(tracker.connected(snapshot, "web-1", "0badcafe.7")).isEqualTo("web-1");
    var first = tracker.take(0).instances().getFirst();
    assertThat(first.revision()).isEqualTo(7);
    clock.now += Duration.ofMinutes(6).toMillis();
    assertThat(tracker.take(0).instances()).as("that it is still there").hasSize(1);

    tracker.gone(environment, "web-1");
    clock.now += Duration.ofMinutes(6).toMillis();
    var _ = tracker.take(0);
    assertThat(tracker.size()).isZero();
  }

  @Test
  void theHeadersOwnCursorComesFirstAndNonsenseIsPassedOver() {
    var snapshot = snapshot();
    tracker.noted(snapshot, "web-1; cursor=0badcafe.5", "0badcafe.7");
    assertThat(tracker.take(0).instances().getFirst().revision()).isEqualTo(5);
    for (var nonsense :
        new String[] {"", " ", "a b", "web; x", "web; cursor=zzz", "ä", "x".repeat(101)}) {
      assertThat(InstanceHeader.parse(nonsense)).as(nonsense).isNull();
    }
    tracker.noted(snapshot, "web-2; cursor=1badcafe.5", null); // another history
    assertThat(tracker.take(0).instances().getFirst().revision()).isEqualTo(Instance.NOTHING);
    tracker.noted(snapshot, null, "0badcafe.7");
    assertThat(tracker.take(0).isEmpty()).isTrue();
  }

  @Test
  void settingsHaveTheseDefaultsAndNames() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new PropagationSettings(
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                500,
                32,
                64,
                1_000,
                8,
                Duration.ofMinutes(5),
                10_000,
                100));
    var properties = new HashMap<String, String>();
    properties.put("stitchd.propagation.write-every", "1s");
    properties.put("stitchd.propagation.stale", "10s");
    properties.put("stitchd.propagation.environments", "2");
    properties.put("stitchd.propagation.revisions", "4");
    properties.put("stitchd.propagation.places", "3");
    properties.put("stitchd.propagation.instances", "3");
    properties.put("stitchd.propagation.reports", "2");
    properties.put("stitchd.propagation.instance-idle", "5m");
    properties.put("stitchd.propagation.answered-instances", "100");
    properties.put("stitchd.propagation.lagging-listed", "10");
    assertThat(bound(properties)).isEqualTo(SETTINGS);
  }

  private static PropagationSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.propagation", PropagationSettings.class);
  }

  private static Tracker.Summary only(Tracker.Batch batch) {
    assertThat(batch.summaries()).hasSize(1);
    return batch.summaries().getFirst();
  }

  private Snapshot snapshot() {
    return new Snapshot(
        environment,
        new TenantId(UUID.randomUUID()),
        "production",
        new Cursor("0badcafe", 7),
        1,
        EnvironmentSettings.of(Json.object()),
        Ruleset.EMPTY,
        ItemHistory.EMPTY,
        new DerivedValues());
  }
}
