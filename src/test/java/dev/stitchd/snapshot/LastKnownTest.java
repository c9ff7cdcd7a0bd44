package dev.stitchd.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.MemoryChangeFeed;
import dev.stitchd.revisionlog.SafetyPoll;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/// A node that starts while the store is out, over memory and in virtual time.
class LastKnownTest {

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

  /// Bytes in memory, as files would hold them.
  private static final class Memory implements LastKnownSnapshots {
    private final Map<EnvironmentId, byte[]> files = new HashMap<>();

    @Override
    public void keep(EpochSnapshot view) {
      files.put(view.snapshot().environment(), SnapshotBytes.write(view));
    }

    @Override
    public void forget(EnvironmentId environment) {
      files.remove(environment);
    }

    @Override
    public Mono<HistoryPoint> point(EnvironmentId environment) {
      return last(environment).map(EpochSnapshot::point);
    }

    @Override
    public Mono<EpochSnapshot> last(EnvironmentId environment) {
      return Mono.justOrEmpty(files.get(environment))
          .handle((bytes, sink) -> {
            try {
              sink.next(SnapshotBytes.read(bytes, SETTINGS.log()));
            } catch (IOException e) {
              sink.error(e);
            }
          });
    }
  }

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final MemoryItems items = new MemoryItems();
  private final MemoryChangeFeed feed = new MemoryChangeFeed();
  private final Memory memory = new Memory();
  private final EnvironmentId environment = items.create();
  private RunningJob refreshing;

  /// A node that has just started.
  private LoadedSnapshots node() {
    stop();
    var reading = new Reading(items, memory, SETTINGS, time, new SimpleMeterRegistry());
    var held = new LoadedSnapshots(reading, SETTINGS, time);
    var refresh =
        new SnapshotRefresh(
            held,
            items,
            feed,
            SETTINGS,
            new SafetyPoll(Duration.ofSeconds(1), Duration.ofSeconds(10)),
            time);
    refreshing = RunningJob.start(refresh, time);
    return held;
  }

  @AfterEach
  void stop() {
    if (refreshing != null) {
      refreshing.stop();
    }
  }

  @AfterEach
  void realTime() {
    VirtualTimeScheduler.reset();
  }

  @Test
  void aViewComesBackAsItWas() throws IOException {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "old"); // 2
    items.publishFlag(
        environment, "numbers", Json.parseOwn("{\"type\":\"number\",\"variants\":{\"a\":1.0E21}}"));
    items.removeFlag(environment, "old"); // 4
    items.changeSettings(environment, Json.object().put("x", 1));
    var before = node().current(environment).block();

    var after = SnapshotBytes.read(memory.files.get(environment), SETTINGS.log());

    assertThat(after.isLastKnown()).isTrue();
    assertThat(after.epoch()).isEqualTo(items.epoch(environment));
    var snapshot = after.snapshot();
    assertThat(snapshot.cursor()).isEqualTo(before.cursor());
    assertThat(snapshot.tenant()).isEqualTo(before.tenant());
    assertThat(snapshot.environmentKey()).isEqualTo(before.environmentKey());
    assertThat(snapshot.settings()).isEqualTo(before.settings());
    assertThat(snapshot.accessVersion()).isEqualTo(2);
    assertThat(snapshot.ruleset().flags().keySet()).isEqualTo(before.ruleset().flags().keySet());
    for (long since = 0; since <= 4; since++) {
      assertThat(texts(snapshot.history().since(since)))
          .isEqualTo(texts(before.history().since(since)));
    }
  }

  @Test
  void bytesThatEndEarlyAreNoView() {
    items.publishFlag(environment, "checkout");
    node().current(environment).block();
    var whole = memory.files.get(environment);
    for (int length = 0; length < whole.length; length += 7) {
      var cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> SnapshotBytes.read(cut, 10)).isInstanceOf(Exception.class);
    }
  }

  @Test
  void whileTheStoreIsOutTheLastKnownStateServesAndIsReplacedWhenItIsBack() {
    items.publishFlag(environment, "checkout"); // 1
    node().current(environment).block();
    items.publishFlag(environment, "banner"); // 2, while no node runs
    items.out = true;

    var seen = new ArrayList<Snapshot>();
    var node = node();
    var stream = node.updates(environment).subscribe(seen::add);
    assertThat(seen).extracting(Snapshot::revision).containsExactly(1L);
    time.advanceTimeBy(Duration.ofMinutes(5));
    items.out = false;
    time.advanceTimeBy(Duration.ofMillis(1_001));

    assertThat(seen).extracting(Snapshot::revision).containsExactly(1L, 2L);
    assertThat(seen.getLast().ruleset().flags()).containsOnlyKeys("checkout", "banner");
    assertThat(items.loads).as("read anew as a whole").hasValue(2);
    items.publishFlag(environment, "third"); // 3
    feed.announce(new Announcement.At(environment, 3, 1));
    assertThat(seen.getLast().revision()).isEqualTo(3);
    assertThat(items.loads).hasValue(2);
    stream.dispose();
  }

  @Test
  void whileTheStoreAnswersNothingKeptIsServed() {
    items.publishFlag(environment, "checkout"); // 1
    node().current(environment).block();
    items.publishFlag(environment, "checkout"); // 2
    assertThat(node().current(environment).block().revision()).isEqualTo(2);
  }

  @Test
  void aBackupRestoredWhileTheNodeWasDownVoidsItsCursors() {
    for (int i = 0; i < 5; i++) {
      items.publishFlag(environment, "checkout");
    }
    var before = node().current(environment).block();
    items.out = true;
    var node = node();
    assertThat(node.current(environment).block().cursor()).isEqualTo(before.cursor());
    items.restore(environment, 3);
    items.out = false;
    time.advanceTimeBy(Duration.ofMillis(2_001));

    var after = node.current(environment).block();
    assertThat(after.revision()).isEqualTo(3);
    assertThat(after.tag()).isNotEqualTo(before.tag());
  }

  @Test
  void aBackupRestoredWhileTheNodeWasDownAndChangedSinceVoidsItsCursors() {
    for (int i = 0; i < 5; i++) {
      items.publishFlag(environment, "checkout");
    }
    var before = node().current(environment).block();
    stop();
    items.restore(environment, 4);
    items.publishFlag(environment, "banner"); // another 5

    var after = node().current(environment).block();

    assertThat(after.revision()).isEqualTo(5);
    assertThat(after.ruleset().flags()).containsKey("banner");
    assertThat(after.tag()).isNotEqualTo(before.tag());
  }

  @Test
  void aStandbyThatIsBehindWhatThisNodeServedBeforeItsStartDoesNotTakeItBack() {
    items.publishFlag(environment, "checkout"); // 1
    items.publishFlag(environment, "banner"); // 2
    var before = node().current(environment).block();
    items.standby = true;
    items.restore(environment, 1); // as a standby that lags shows it

    assertThat(node().current(environment).block().cursor()).isEqualTo(before.cursor());
  }

  @Test
  void anEnvironmentDeletedMeanwhileIsForgottenAndEndsItsStreams() {
    items.publishFlag(environment, "checkout");
    node().current(environment).block();
    items.out = true;
    var node = node();
    var end = node.updates(environment).ignoreElements().toFuture();
    items.delete(environment);
    items.out = false;
    time.advanceTimeBy(Duration.ofMillis(1_001));

    assertThat(end).isCompleted();
    assertThat(memory.files).isEmpty();
    node.current(environment).as(StepVerifier::create).verifyError(Problem.NotFound.class);
  }

  @Test
  void whatWasNeverKeptIsUnavailable() {
    items.out = true;
    node().current(environment).as(StepVerifier::create).verifyError(Problem.Unavailable.class);
  }

  private static List<String> texts(List<ItemHistory.Entry> entries) {
    return entries == null
        ? null
        : entries.stream()
            .map(entry ->
                entry.key()
                    + entry.revision()
                    + (entry.json() == null
                        ? null
                        : new String(entry.json(), java.nio.charset.StandardCharsets.UTF_8)))
            .toList();
  }
}
