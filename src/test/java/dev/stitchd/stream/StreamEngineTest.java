package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Snapshot;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;
import tools.jackson.databind.JsonNode;

/// Streams as chunks below the codec and as content through it, in virtual time: every byte that
/// leaves is looked at, and every buffer is counted.
@ParameterizedClass
@EnumSource(StreamEngineTest.Way.class)
class StreamEngineTest {

  enum Way {
    CHUNKS,
    CONTENT
  }

  private static ResourceLeakDetector.Level before;

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final Room room = new Room(time);
  private final List<Client> clients = new ArrayList<>();
  private final Way way;

  StreamEngineTest(Way way) {
    this.way = way;
  }

  @BeforeAll
  static void countEveryBuffer() {
    before = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
  }

  @AfterAll
  static void countAsBefore() {
    ResourceLeakDetector.setLevel(before);
  }

  @AfterEach
  void everythingEnds() {
    clients.forEach(Client::goAway);
    assertThat(room.access.watchers()).isZero();
    assertThat(room.allocated()).as("bytes of buffers that nobody released").isZero();
    room.snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  /// One connection, which takes what is written to it only while it reads.
  private static final class Socket extends EmbeddedChannel {
    private static final ChannelHandler[] NOTHING = {};
    private boolean reads = true;

    private Socket(Way way) {
      super(way == Way.CHUNKS ? new ChannelHandler[] {new HttpServerCodec()} : NOTHING);
      freezeTime();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer waiting) throws Exception {
      if (reads) {
        super.doWrite(waiting);
      }
    }

    /// Takes one write of those that wait.
    private void takeOne() {
      var waiting = unsafe().outboundBuffer();
      waiting.addFlush();
      if (!waiting.isEmpty()) {
        outboundMessages().add(ReferenceCountUtil.retain(waiting.current()));
        waiting.remove();
      }
      runPendingTasks();
    }

    private void readAgain() {
      reads = true;
      unsafe().outboundBuffer().addFlush();
      flush();
      runPendingTasks();
    }
  }

  private final class Client {
    private final Socket socket;
    private final StringBuilder taken = new StringBuilder();
    private final List<String> ends = new ArrayList<>();
    private final Disposable stream;

    private Client(String cursor) {
      this(new Socket(way), room.content(cursor));
    }

    private Client(Socket socket, StreamContent content) {
      this.socket = socket;
      stream =
          room.engine.stream(room.access.caller, content, socket, true)
              .subscribe(_ -> {}, _ -> ends.add("failed"), () -> ends.add("complete"));
      socket.runPendingTasks();
      clients.add(this);
    }

    /// What has left so far, without the framing of chunks.
    private String text() {
      for (var out = socket.readOutbound(); out != null; out = socket.readOutbound()) {
        switch (out) {
          case HttpContent content -> taken.append(content.content().toString(UTF_8));
          case ByteBuf chunk when chunk.isReadable() ->
              taken.append(unframed(chunk.toString(UTF_8)));
          default -> {} // an empty one only tells that all before it has left
        }
        ReferenceCountUtil.release(out);
      }
      return taken.toString();
    }

    /// The JSON of the last event.
    private JsonNode data() {
      var text = text();
      var data = text.substring(text.lastIndexOf("data: ") + 6);
      return Json.parseOwn(data.substring(0, data.indexOf('\n')));
    }

    private List<String> events() {
      return text()
          .lines()
          .filter(line -> line.startsWith("event: "))
          .map(line -> line.substring(7))
          .toList();
    }

    private void pass(Duration duration) {
      for (int i = 0; i < duration.toMillis() / 50; i++) {
        socket.advanceTimeBy(50, TimeUnit.MILLISECONDS);
        socket.runScheduledPendingTasks();
        socket.runPendingTasks();
      }
    }

    private void goAway() {
      socket.reads = true;
      socket.close();
      socket.runPendingTasks();
      var _ = text();
      socket.releaseOutbound();
    }
  }

  @Test
  void aStreamBeginsWithRetryAndEverythingAndFollows() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var client = new Client(null);
    assertThat(client.text())
        .matches("(?s)retry: [1-5]\\d{3}\n\nid: \\S+\nevent: put\ndata: .*}\n\n");

    room.snapshots.publishFlag(room.environment, "b"); // 2
    client.socket.runPendingTasks();

    assertThat(client.events()).containsExactly("put", "patch");
    assertThat(client.text()).endsWith("\n\n").contains("\"since\":1");
    assertThat(room.count("stitchd.stream.frames", "kind", "patch")).isEqualTo(1);
    assertThat(room.meters.get("stitchd.stream.fanout").timer().count()).isPositive();
  }

  @Test
  void whoComesBackGetsWhatItMissedOrHearsThatThatIsNothing() {
    IntStream.range(0, 3).forEach(i -> room.snapshots.publishFlag(room.environment, "f" + i)); // 3
    var at = room.current().cursor().text();
    assertThat(new Client(at).events()).containsExactly("current");
    room.snapshots.publishFlag(room.environment, "f0"); // 4

    assertThat(new Client(at).events()).containsExactly("patch");
    assertThat(room.count("stitchd.stream.resumes", "kind", "current")).isEqualTo(1);
    assertThat(room.count("stitchd.stream.resumes", "kind", "patch")).isEqualTo(1);
  }

  @Test
  void aSlowClientIsSkippedAndThenGetsOnePatch() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var slow = new Client(null);
    var other = new Client(null);
    var _ = slow.text();
    slow.socket.reads = false;

    IntStream.range(0, 1_000)
        .forEach(_ -> {
          room.snapshots.publishFlag(room.environment, "a"); // 2 … 1001
          slow.socket.runPendingTasks();
          other.socket.runPendingTasks();
        });

    assertThat(other.events()).hasSize(1_001);
    assertThat(slow.events()).containsExactly("put");
    assertThat(slow.socket.unsafe().outboundBuffer().totalPendingWriteBytes()).isLessThan(2_000);
    assertThat(room.count("stitchd.stream.skipped")).isEqualTo(999);
    slow.socket.readAgain();
    assertThat(slow.events()).containsExactly("put", "patch", "patch");
    assertThat(slow.text()).contains("\"revision\":1001,\"since\":2,");
    assertThat(room.count("stitchd.stream.conflations")).isEqualTo(1);
  }

  @Test
  void aClientThatTakesNothingIsCutOffAfterItsTime() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var client = new Client(null);
    client.socket.reads = false;
    room.snapshots.publishFlag(room.environment, "b"); // 2
    client.socket.runPendingTasks();

    client.pass(Duration.ofSeconds(62));
    assertThat(client.ends).as("it may still take its goodbye").isEmpty();
    client.pass(Duration.ofSeconds(3));

    assertThat(client.ends).containsExactly("complete");
    assertThat(client.socket.isActive()).isFalse();
    assertThat(room.count("stitchd.stream.stalled")).isEqualTo(1);
  }

  @Test
  void aClientThatWasTooSlowIsToldSoBehindWhatWaitedForItAndClosed() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var client = new Client(null);
    client.socket.reads = false;
    room.snapshots.publishFlag(room.environment, "b"); // 2
    client.socket.runPendingTasks();
    client.pass(Duration.ofSeconds(62));

    client.socket.readAgain();

    assertThat(client.events()).containsExactly("put", "patch", "goodbye");
    assertThat(client.text()).contains("{\"reason\":\"too-slow\",\"reconnectAfterMs\":");
    assertThat(client.ends).containsExactly("complete");
    assertThat(client.socket.isActive()).isFalse();
    assertThat(room.count("stitchd.stream.stalled")).isEqualTo(1);
  }

  @Test
  void aHeartbeatComesAtLeastEveryFifteenSeconds() {
    var client = new Client(null);
    var _ = client.text();

    for (int i = 1; i <= 10; i++) {
      client.pass(Duration.ofSeconds(15));
      assertThat(client.text().split(": hb\n\n", -1).length - 1).isGreaterThanOrEqualTo(i);
    }
  }

  @Test
  void aStreamWhoseContentSaysSoGrowsOlderThanOthers() {
    var old = new Client(new Socket(way), lasting(room.content(null), Duration.ofHours(3)));
    old.pass(Duration.ofHours(3).minusSeconds(1));
    assertThat(old.ends).isEmpty();
    old.pass(Duration.ofSeconds(3));
    assertThat(old.text()).contains("{\"reason\":\"maximum-age\",\"reconnectAfterMs\":");
  }

  private static StreamContent lasting(StreamContent content, Duration age) {
    return new StreamContent() {
      @Override
      public Kind kind() {
        return content.kind();
      }

      @Override
      public Frame advance(Snapshot newest) {
        return content.advance(newest);
      }

      @Override
      public Duration age() {
        return age;
      }
    };
  }

  @Test
  void anOldStreamARevokedKeyAndADeletedEnvironmentSayGoodbye() {
    var old = new Client(null);
    old.pass(Duration.ofMinutes(30).minusSeconds(1));
    assertThat(old.ends).isEmpty();
    old.pass(Duration.ofMinutes(30).plusSeconds(2));
    assertThat(old.text()).contains("{\"reason\":\"maximum-age\",\"reconnectAfterMs\":");
    assertThat(old.ends).containsExactly("complete");

    var revoked = new Client(null);
    room.access.revoke();
    revoked.pass(Duration.ofSeconds(1));
    assertThat(revoked.text()).endsWith("event: goodbye\ndata: {\"reason\":\"key-revoked\"}\n\n");
    assertThat(revoked.ends).containsExactly("complete");

    var deleted = new Client(null);
    room.access.revoke(); // its keys go with it
    room.snapshots.delete(room.environment);
    deleted.pass(Duration.ofSeconds(1));
    assertThat(deleted.text()).contains("{\"reason\":\"environment-deleted\"}");
    assertThat(deleted.ends).containsExactly("complete");
  }

  @Test
  void goodbyesOfADrainAreSpreadAndWhoDoesNotTakeItsOwnIsCutOff() {
    var taking = new Client(null);
    var stalled = new Client(null);
    stalled.socket.reads = false;
    room.snapshots.publishFlag(room.environment, "a"); // 1
    List.of(taking, stalled).forEach(client -> client.socket.runPendingTasks());
    room.enter(room.access.caller);

    room.draining.stop();
    taking.socket.runPendingTasks();
    stalled.socket.runPendingTasks();
    assertThat(taking.ends).isEmpty();
    taking.pass(Room.DRAIN.plusSeconds(1));
    stalled.pass(Room.DRAIN.plusSeconds(1));
    assertThat(taking.text()).contains("\"reason\":\"draining\"");
    assertThat(stalled.ends).isEmpty();
    time.advanceTimeBy(Room.DRAIN.plusSeconds(1));
    stalled.socket.runPendingTasks();

    assertThat(stalled.ends).containsExactly("complete");
    assertThat(stalled.socket.isActive()).isFalse();
    room.leave(room.access.caller);
  }

  @Test
  void goodbyesAreSpreadEvenlyOverTheDrainTime() {
    var socket = new Socket(way);
    var streams =
        IntStream.range(0, 4).mapToObj(_ -> new Client(socket, room.content(null))).toList();

    room.engine.drain(Room.DRAIN);
    socket.runPendingTasks();
    for (int i = 1; i <= 4; i++) {
      streams.getFirst().pass(Duration.ofSeconds(4));
      assertThat(streams).filteredOn(stream -> !stream.ends.isEmpty()).hasSize(i - 1);
      streams.getFirst().pass(Duration.ofSeconds(1));
      assertThat(streams).filteredOn(stream -> !stream.ends.isEmpty()).hasSizeBetween(i - 1, i);
    }
    streams.getFirst().pass(Duration.ofMillis(500));
    assertThat(streams).allMatch(stream -> stream.ends.equals(List.of("complete")));
  }

  @Test
  void aNewClientIsToldWhenToRetryAndGetsEverything() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1

    var client = new Client(null);

    assertThat(client.text())
        .containsPattern("\\Aretry: [1-5]\\d{3}\n\n")
        .contains("id: " + room.current().cursor().text() + "\nevent: put\ndata: {\"revision\":1,")
        .endsWith("}\n\n");
    assertThat(client.data().path("environment").asString()).isEqualTo("production");
    assertThat(client.data().path("flags").path("checkout").path("type").asString())
        .isEqualTo("boolean");
    assertThat(client.data().path("segments").isObject()).isTrue();
    assertThat(room.count("stitchd.stream.fresh")).isEqualTo(1);
  }

  @Test
  void aChangeIsAPatchAndARemovedItemIsNull() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1
    var client = new Client(null);

    room.snapshots.publishFlag(room.environment, "banner"); // 2
    client.socket.runPendingTasks();
    assertThat(client.data().path("since").asLong()).isEqualTo(1);
    assertThat(client.data().path("revision").asLong()).isEqualTo(2);
    assertThat(client.data().path("flags").propertyNames()).containsExactly("banner");

    room.snapshots.removeFlag(room.environment, "checkout"); // 3
    client.socket.runPendingTasks();
    assertThat(client.events()).containsExactly("put", "patch", "patch");
    assertThat(client.data().path("flags").get("checkout").isNull()).isTrue();
    assertThat(client.text()).contains("id: " + room.current().cursor().text() + "\nevent: patch");
  }

  @Test
  void whoMissedALittleGetsOnePatch() {
    List.of("a", "b", "c").forEach(flag -> room.snapshots.publishFlag(room.environment, flag)); // 3
    var cursor = room.current().cursor().text();
    room.snapshots.publishFlag(room.environment, "d"); // 4
    room.snapshots.removeFlag(room.environment, "b"); // 5

    var patch = new Client(cursor).data();

    assertThat(patch.path("since").asLong()).isEqualTo(3);
    assertThat(patch.path("revision").asLong()).isEqualTo(5);
    assertThat(patch.path("flags").propertyNames()).containsExactlyInAnyOrder("d", "b");
  }

  @Test
  void whoMissedMostGetsEverything() {
    var cursor = room.current().cursor().text();
    room.snapshots.publishFlag(room.environment, "a"); // 1

    assertThat(new Client(cursor).events()).containsExactly("put");
    assertThat(room.count("stitchd.stream.resumes", "kind", "put")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "00000000.2", "nonsense", "", "TAG.-1", "TAG.2.3", "tag.2", "TAG."})
  void anyOtherCursorIsAnsweredWithEverything(String cursor) {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2

    var client = new Client(cursor.replace("TAG", room.current().tag()));

    assertThat(client.events()).containsExactly("put");
  }

  @Test
  void whoMayBeAheadOfThisNodeKeepsItsPlace() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var ahead = room.current().tag() + ".3";

    var client = new Client(ahead);
    assertThat(client.events()).containsExactly("current");
    assertThat(client.text()).contains("id: " + ahead + "\n");
    room.snapshots.publishFlag(room.environment, "b"); // 2
    room.snapshots.publishFlag(room.environment, "b"); // 3
    client.socket.runPendingTasks();
    assertThat(client.events()).containsExactly("current");
    room.snapshots.publishFlag(room.environment, "b"); // 4
    client.socket.runPendingTasks();

    assertThat(client.events()).containsExactly("current", "patch");
    assertThat(client.data().path("since").asLong()).isEqualTo(3);
  }

  @Test
  void whoNamesAPlaceThatDoesNotExistGetsEverything() {
    room.snapshots.publishFlag(room.environment, "a"); // 1

    var content = room.sdk.content(room.current().tag() + ".3", true);

    assertThat(new Client(new Socket(way), content).events()).containsExactly("put");
  }

  @Test
  void thereIsNoGapBetweenTheFirstStateAndTheUpdates() {
    room.snapshots.items.latency = Duration.ofMillis(100);
    var client = new Client(null);

    room.snapshots.publishFlag(room.environment, "a"); // 1, while the load is under way
    time.advanceTimeBy(Duration.ofSeconds(1));
    client.socket.runPendingTasks();

    assertThat(client.data().path("flags").propertyNames()).containsExactly("a");
  }

  @Test
  void whatAThousandClientsGetIsEncodedOnce() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var all = IntStream.range(0, 1_000).mapToObj(_ -> new Client(null)).toList();

    for (var flag : List.of("b", "c")) { // 2, 3
      room.snapshots.publishFlag(room.environment, flag);
      all.forEach(client -> client.socket.runPendingTasks());
    }

    assertThat(all)
        .allSatisfy(client -> assertThat(client.events()).containsExactly("put", "patch", "patch"));
    assertThat(room.count("stitchd.stream.encodings", "kind", "put")).isEqualTo(1);
    assertThat(room.count("stitchd.stream.encodings", "kind", "patch")).isEqualTo(2);
  }

  /// Says one thing of two hundred kilobytes.
  private static final class Large implements StreamContent {
    private boolean said;

    @Override
    public Kind kind() {
      return Kind.SDK;
    }

    @Override
    public Frame advance(Snapshot newest) {
      var frame = said ? null : new Frame(Frame.Kind.PUT, new byte[200 * 1024]);
      said = true;
      return frame;
    }
  }

  @Test
  void aClientThatTakesALargeFramePieceByPieceIsNotStalled() {
    var client = large();
    client.socket.takeOne(); // the retry time

    for (int i = 0; i < 3; i++) {
      client.pass(Duration.ofSeconds(40));
      client.socket.takeOne();
    }
    client.pass(Duration.ofSeconds(40));
    client.socket.readAgain();

    assertThat(room.count("stitchd.stream.stalled")).isZero();
    assertThat(client.ends).isEmpty();
    assertThat(client.text()).hasSizeGreaterThan(200 * 1024);
    assertThat(room.count("stitchd.stream.bytes", "kind", "put")).isEqualTo(200 * 1024);
    assertThat(room.count("stitchd.stream.frames", "kind", "put")).isEqualTo(1);
  }

  @Test
  void noGoodbyeIsWrittenIntoTheMiddleOfAFrame() {
    var client = large();

    client.pass(Duration.ofSeconds(70));

    assertThat(client.ends).containsExactly("complete");
    assertThat(client.socket.isActive()).isFalse();
    assertThat(client.text()).doesNotContain("goodbye");
  }

  private Client large() {
    var socket = new Socket(way);
    socket.reads = false;
    return new Client(socket, new Large());
  }

  @Test
  void whoGoesAwayOrIsCancelledLeavesNothingBehind() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var gone = new Client(null);
    var cancelled = new Client(null);
    assertThat(room.access.watchers()).isEqualTo(2); // one for each event loop

    gone.goAway();
    cancelled.stream.dispose();

    assertThat(gone.ends).containsExactly("complete");
    assertThat(cancelled.ends).isEmpty();
    assertThat(room.access.watchers()).isZero();
    room.snapshots.publishFlag(room.environment, "b"); // 2
    cancelled.socket.runPendingTasks();
    assertThat(cancelled.events()).containsExactly("put");
  }

  /// Without `<hex length>\r\n` before and `\r\n` behind, which must fit.
  private static String unframed(String chunk) {
    int head = chunk.indexOf("\r\n");
    var body = chunk.substring(head + 2, chunk.length() - 2);
    assertThat(Integer.parseInt(chunk.substring(0, head), 16))
        .isEqualTo(body.getBytes(UTF_8).length);
    assertThat(chunk).endsWith("\r\n");
    return body;
  }
}
