package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.scheduler.VirtualTimeScheduler;

class StreamsTest {

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final Room room = new Room(time);
  private final List<Disposable> open = new ArrayList<>();

  @AfterEach
  void everythingEnds() {
    open.forEach(Disposable::dispose);
    assertThat(room.access.watchers()).isZero();
    room.snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  @Test
  void aNewClientIsToldWhenToRetryAndGetsEverything() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1

    var frames = frames(null);

    assertThat(Room.text(frames.getFirst())).matches("retry: [1-5]\\d{3}\n\n");
    assertThat(Room.text(frames.get(1)))
        .startsWith(
            "id: " + room.current().cursor().text() + "\nevent: put\ndata: {\"revision\":1,")
        .endsWith("}\n\n");
    var put = Room.data(frames.get(1));
    assertThat(put.path("environment").asString()).isEqualTo("production");
    assertThat(put.path("flags").path("checkout").path("type").asString()).isEqualTo("boolean");
    assertThat(put.path("segments").isObject()).isTrue();
    assertThat(frames).hasSize(2);
    assertThat(room.count("stitchd.stream.fresh")).isEqualTo(1);
  }

  @Test
  void aChangeIsAPatchAndARemovedItemIsNull() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1
    var frames = frames(null);

    room.snapshots.publishFlag(room.environment, "banner"); // 2
    room.snapshots.removeFlag(room.environment, "checkout"); // 3

    assertThat(kinds(frames)).containsExactly("RETRY", "PUT", "PATCH", "PATCH");
    var added = Room.data(frames.get(2));
    assertThat(added.path("since").asLong()).isEqualTo(1);
    assertThat(added.path("revision").asLong()).isEqualTo(2);
    assertThat(added.path("flags").propertyNames()).containsExactly("banner");
    var removed = Room.data(frames.get(3));
    assertThat(removed.path("flags").get("checkout").isNull()).isTrue();
    assertThat(Room.text(frames.get(3))).startsWith("id: " + room.current().cursor().text() + "\n");
  }

  @Test
  void whoMissedNothingHearsThatNothingChanged() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1

    var frames = frames(room.current().cursor().text());

    assertThat(Room.text(frames.get(1)))
        .isEqualTo(
            "id: "
                + room.current().cursor().text()
                + "\nevent: current\ndata: {\"revision\":1}\n\n");
    assertThat(room.count("stitchd.stream.resumes", "kind", "current")).isEqualTo(1);
  }

  @Test
  void whoMissedALittleGetsOnePatch() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2
    room.snapshots.publishFlag(room.environment, "c"); // 3
    var cursor = room.current().cursor().text();
    room.snapshots.publishFlag(room.environment, "d"); // 4
    room.snapshots.removeFlag(room.environment, "b"); // 5

    var patch = Room.data(frames(cursor).get(1));

    assertThat(patch.path("since").asLong()).isEqualTo(3);
    assertThat(patch.path("revision").asLong()).isEqualTo(5);
    assertThat(patch.path("flags").propertyNames()).containsExactlyInAnyOrder("d", "b");
    assertThat(room.count("stitchd.stream.resumes", "kind", "patch")).isEqualTo(1);
  }

  @Test
  void whoMissedMostGetsEverything() {
    var cursor = room.current().cursor().text();
    room.snapshots.publishFlag(room.environment, "a"); // 1

    assertThat(kinds(frames(cursor))).containsExactly("RETRY", "PUT");
    assertThat(room.count("stitchd.stream.resumes", "kind", "put")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2", "00000000.2", "nonsense", "", "TAG.99", "TAG.-1", "TAG.2.3", "tag.2", "TAG."})
  void anyOtherCursorIsAnsweredWithEverything(String cursor) {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2

    var frames = frames(cursor.replace("TAG", room.current().tag()));

    assertThat(kinds(frames)).containsExactly("RETRY", "PUT");
  }

  @Test
  void thereIsNoGapBetweenTheFirstStateAndTheUpdates() {
    room.snapshots.items.latency = Duration.ofMillis(100);
    var frames = frames(null);

    room.snapshots.publishFlag(room.environment, "a"); // 1, while the load is under way
    time.advanceTimeBy(Duration.ofSeconds(1));

    var flags = new java.util.TreeSet<String>();
    frames.stream()
        .filter(frame -> frame.kind() == Frame.Kind.PUT || frame.kind() == Frame.Kind.PATCH)
        .forEach(frame -> flags.addAll(Room.data(frame).path("flags").propertyNames()));
    assertThat(flags).containsExactly("a");
  }

  @Test
  void slowClientSkipsToTheNewest() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var taken = new ArrayList<Frame>();
    var client = slow(taken);
    client.request(2); // retry, put

    IntStream.rangeClosed(2, 1_001).forEach(i -> room.snapshots.publishFlag(room.environment, "b"));
    client.request(3);

    assertThat(taken).hasSizeLessThanOrEqualTo(5);
    var last = taken.getLast();
    assertThat(last.kind()).isEqualTo(Frame.Kind.PATCH);
    assertThat(Room.data(last).path("revision").asLong()).isEqualTo(1_001);
    assertThat(room.count("stitchd.stream.conflations")).isEqualTo(1);
    assertThat(continuous(taken)).isTrue();
    client.cancel();
  }

  @Test
  void aSlowClientDelaysNobody() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var client = slow(new ArrayList<>());
    client.request(1);
    var others = frames(null);

    room.snapshots.publishFlag(room.environment, "b"); // 2

    assertThat(Room.data(others.getLast()).path("revision").asLong()).isEqualTo(2);
    client.cancel();
  }

  @Test
  void whatAThousandClientsGetIsEncodedOnce() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var all = IntStream.range(0, 1_000).mapToObj(_ -> frames(null)).toList();

    room.snapshots.publishFlag(room.environment, "b"); // 2
    room.snapshots.publishFlag(room.environment, "c"); // 3

    assertThat(all).allMatch(frames -> frames.size() == 4);
    assertThat(all).allMatch(frames -> frames.get(1).bytes() == all.getFirst().get(1).bytes());
    assertThat(all)
        .allMatch(frames -> frames.getLast().bytes() == all.getFirst().getLast().bytes());
    assertThat(room.count("stitchd.stream.encodings", "kind", "put")).isEqualTo(1);
    assertThat(room.count("stitchd.stream.encodings", "kind", "patch")).isEqualTo(2);
  }

  @Test
  void aHeartbeatComesAtLeastEveryFifteenSeconds() {
    var frames = frames(null);

    for (int i = 1; i <= 10; i++) {
      time.advanceTimeBy(Duration.ofSeconds(15));
      assertThat(frames).filteredOn(is(Frame.Kind.HEARTBEAT)).hasSizeGreaterThanOrEqualTo(i);
    }
    assertThat(Room.text(frames.getLast())).isEqualTo(": hb\n\n");
  }

  @Test
  void anOldStreamEndsWithAGoodbye() {
    var ends = new ArrayList<Boolean>();
    var frames = frames(null, ends);

    time.advanceTimeBy(Duration.ofMinutes(30).minusSeconds(1));
    assertThat(ends).isEmpty();
    time.advanceTimeBy(Duration.ofMinutes(30).plusSeconds(2));

    assertThat(ends).containsExactly(true);
    var goodbye = Room.data(frames.getLast());
    assertThat(goodbye.path("reason").asString()).isEqualTo("maximum-age");
    assertThat(goodbye.path("reconnectAfterMs").asLong()).isBetween(1_000L, 5_000L);
  }

  @Test
  void aRevokedKeyEndsItsStreams() {
    var ends = new ArrayList<Boolean>();
    var frames = frames(null, ends);

    room.access.revoke();
    time.advanceTimeBy(Duration.ofSeconds(1));

    assertThat(ends).containsExactly(true);
    assertThat(Room.text(frames.getLast()))
        .isEqualTo("event: goodbye\ndata: {\"reason\":\"key-revoked\"}\n\n");
  }

  @Test
  void aDeletedEnvironmentEndsItsStreamsAndSaysSo() {
    var ends = new ArrayList<Boolean>();
    var frames = frames(null, ends);

    room.access.revoke(); // its keys go with it
    room.snapshots.delete(room.environment);
    time.advanceTimeBy(Duration.ofSeconds(1));

    assertThat(ends).containsExactly(true);
    assertThat(Room.data(frames.getLast()).path("reason").asString())
        .isEqualTo("environment-deleted");
  }

  @Test
  void goodbyesAreSpreadEvenlyOverTheDrainTime() {
    var streams = IntStream.range(0, 4).mapToObj(_ -> new ArrayList<Boolean>()).toList();
    for (var ends : streams) {
      room.enter(new OneKey(room.environment).caller);
      frames(null, ends);
    }

    room.draining.stop();
    for (int i = 1; i <= 4; i++) {
      time.advanceTimeBy(Duration.ofSeconds(4));
      assertThat(streams).filteredOn(ends -> !ends.isEmpty()).hasSize(i);
      time.advanceTimeBy(Duration.ofSeconds(1));
    }
  }

  private List<Frame> frames(String resume) {
    return frames(resume, new ArrayList<>());
  }

  private List<Frame> frames(String resume, List<Boolean> ends) {
    var frames = new ArrayList<Frame>();
    open.add(
        room.frames(resume).subscribe(frames::add, _ -> ends.add(false), () -> ends.add(true)));
    return frames;
  }

  private BaseSubscriber<Frame> slow(List<Frame> taken) {
    var client =
        new BaseSubscriber<Frame>() {
          @Override
          protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {}

          @Override
          protected void hookOnNext(Frame frame) {
            taken.add(frame);
          }
        };
    room.frames(null).subscribe(client);
    return client;
  }

  private static boolean continuous(List<Frame> frames) {
    long at = -1;
    for (var frame : frames) {
      if (frame.kind() == Frame.Kind.PATCH && Room.data(frame).path("since").asLong() != at) {
        return false;
      }
      if (frame.kind() == Frame.Kind.PATCH || frame.kind() == Frame.Kind.PUT) {
        at = Room.data(frame).path("revision").asLong();
      }
    }
    return true;
  }

  private static Predicate<Frame> is(Frame.Kind kind) {
    return frame -> frame.kind() == kind;
  }

  private static List<String> kinds(List<Frame> frames) {
    return frames.stream().map(frame -> frame.kind().name()).toList();
  }
}
