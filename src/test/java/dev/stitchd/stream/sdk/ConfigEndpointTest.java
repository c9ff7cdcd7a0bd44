package dev.stitchd.stream.sdk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import dev.stitchd.dev.Patience;
import dev.stitchd.endpoint.EndpointServer;
import dev.stitchd.kernel.Json;
import dev.stitchd.stream.OneKey;
import dev.stitchd.stream.Room;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

class ConfigEndpointTest {

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final Room room = new Room(time);

  private final EndpointServer server =
      new EndpointServer(room.access, EndpointServer.noTokens(), room.snapshots, room.sdk.config);

  @AfterEach
  void reset() {
    await().atMost(Patience.SOON).until(() -> room.access.watchers() == 0);
    server.close();
    room.snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  @Test
  void answersEverythingWithAnETag() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1

    var answer = get("/sdk/v1/config").answer();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "ETag")).isEqualTo("\"" + room.current().cursor().text() + "\"");
    assertThat(header(answer, "Cache-Control")).isEqualTo("private, no-cache");
    assertThat(header(answer, "Vary")).isEqualTo("Authorization, X-API-Key, Accept-Encoding");
    var body = Json.parseOwn(new String(bytes(answer), UTF_8));
    assertThat(body.propertyNames())
        .containsExactly("revision", "environment", "flags", "segments");
  }

  @Test
  void whoHasItAlreadyGets304() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1
    var cursor = room.current().cursor().text();

    for (var tag :
        List.of(
            "\"" + cursor + "\"", "W/\"" + cursor + "\"", "\"other\", W/\"" + cursor + "\"", "*")) {
      var answer = get("/sdk/v1/config", "If-None-Match", tag).answer();
      assertThat(answer.statusCode()).isEqualTo(304);
      assertThat(header(answer, "ETag")).isEqualTo("\"" + cursor + "\"");
      assertThat(bytes(answer)).isEmpty();
    }
    assertThat(get("/sdk/v1/config", "If-None-Match", "\"" + cursor + "0\"").answer().statusCode())
        .isEqualTo(200);
  }

  @Test
  void whoMayBeAheadOfThisNodeIsNotTakenBack() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1
    var ahead = room.current().tag() + ".2";
    var etag = "\"" + ahead + "\"";
    room.snapshots.items.out = true;

    var held = get("/sdk/v1/config", "If-None-Match", etag).answer();
    assertThat(held.statusCode()).isEqualTo(304);
    assertThat(header(held, "ETag")).isEqualTo(etag);
    var patch = get("/sdk/v1/config?since=" + ahead).answer();
    assertThat(patch.statusCode()).isEqualTo(304);
    assertThat(header(patch, "ETag")).isEqualTo(etag);

    var poll = wait("/sdk/v1/config?wait=PT30S&since=" + ahead);
    time.advanceTimeBy(Duration.ofSeconds(29));
    assertThat(poll.running()).isNotDone();
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(poll.answer().statusCode()).isEqualTo(304);
    assertThat(header(poll.answer(), "ETag")).isEqualTo(etag);

    room.snapshots.items.out = false;
    var refuted = get("/sdk/v1/config", "If-None-Match", etag).answer();
    assertThat(refuted.statusCode()).isEqualTo(200);
    assertThat(header(refuted, "ETag")).isEqualTo("\"" + room.current().cursor().text() + "\"");
  }

  @Test
  void whoIsAheadOfThisNodeHasItReadWhatItLacks() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    var tag = room.current().tag();
    var _ = room.snapshots.items.publishFlag(room.environment, "b"); // 2, and nobody rings

    var same = get("/sdk/v1/config", "If-None-Match", "\"" + tag + ".2\"").answer();

    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(room.current().revision()).isEqualTo(2);
  }

  @Test
  void sinceGivesThePatchForm() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2
    var cursor = room.current().cursor().text();
    room.snapshots.publishFlag(room.environment, "c"); // 3

    var patch =
        Json.parseOwn(new String(bytes(get("/sdk/v1/config?since=" + cursor).answer()), UTF_8));

    assertThat(patch.path("since").asLong()).isEqualTo(2);
    assertThat(patch.path("flags").propertyNames()).containsExactly("c");
    assertThat(get("/sdk/v1/config?since=" + room.current().cursor().text()).answer().statusCode())
        .isEqualTo(304);
    assertThat(new String(bytes(get("/sdk/v1/config?since=12345678.2").answer()), UTF_8))
        .contains("\"environment\"");
  }

  /// The store says what was removed until the revision that was held when it was asked.
  @Test
  void whoWasAwayForLongIsToldWhatIsHeldWhenRemovalsAreKnown() {
    var items = room.snapshots.items;
    for (int i = 0; i < 100; i++) {
      var _ = items.publishFlag(room.environment, "flag-" + i); // 1 to 100
    }
    var _ = items.publishFlag(room.environment, "old"); // 101
    var _ = items.removeFlag(room.environment, "old"); // 102
    for (int i = 0; i < 1_100; i++) {
      var _ = items.publishFlag(room.environment, "flag-0"); // more than a first load looks back
    }
    var since = room.current().tag() + ".101";
    items.latency = Duration.ofMillis(100);
    var poll = get("/sdk/v1/config?since=" + since);
    await().atMost(Patience.SOON).until(() -> items.removalReads.get() == 1);
    items.latency = Duration.ZERO;
    long newest = room.snapshots.publishFlag(room.environment, "new");
    assertThat(room.current().revision()).isEqualTo(newest);

    time.advanceTimeBy(Duration.ofMillis(100));

    var answer = poll.answer();
    assertThat(header(answer, "ETag")).isEqualTo(room.current().cursor().etag());
    var patch = Json.parseOwn(new String(bytes(answer), UTF_8));
    assertThat(patch.path("revision").asLong()).isEqualTo(newest);
    assertThat(patch.path("since").asLong()).isEqualTo(101);
    assertThat(patch.path("flags").propertyNames())
        .containsExactlyInAnyOrder("old", "flag-0", "new");
    assertThat(patch.path("flags").path("old").isNull()).isTrue();
  }

  /// When there are many different patches, some begin before the cursor that was asked with: what
  /// a client has already is told again as it is now.
  @Test
  void aPatchThatBeginsEarlierTellsWhatIsNow() {
    for (int i = 0; i < 400; i++) {
      room.snapshots.publishFlag(room.environment, "flag-" + i);
    }
    for (int i = 0; i < 150; i++) {
      room.snapshots.publishFlag(room.environment, "flag-" + i); // 401 to 550
    }
    var put = Json.parseOwn(new String(bytes(get("/sdk/v1/config").answer()), UTF_8));
    int earlier = 0;
    for (int cursor = 401; cursor < 550; cursor++) {
      var answer = get("/sdk/v1/config?since=" + room.current().tag() + "." + cursor).answer();
      var patch = Json.parseOwn(new String(bytes(answer), UTF_8));
      assertThat(patch.path("revision").asLong()).isEqualTo(550);
      assertThat(patch.path("since").asLong()).isBetween(cursor - 100L, (long) cursor);
      earlier += patch.path("since").asLong() < cursor ? 1 : 0;
      assertThat(patch.path("flags").size()).isEqualTo(550 - patch.path("since").asInt());
      patch
          .path("flags")
          .properties()
          .forEach(
              flag -> assertThat(flag.getValue()).isEqualTo(put.path("flags").path(flag.getKey())));
    }
    assertThat(earlier).isPositive();
  }

  @Test
  void compressesOnceForAll() throws IOException {
    var _ = Zstd.compress(new byte[1]); // loads the library, here where reading files is allowed
    IntStream.range(0, 20).forEach(i -> room.snapshots.publishFlag(room.environment, "flag-" + i));
    var plain = bytes(get("/sdk/v1/config").answer());

    var gzip = get("/sdk/v1/config", "Accept-Encoding", "gzip").answer();
    var zstd = get("/sdk/v1/config", "Accept-Encoding", "gzip, zstd").answer();

    assertThat(header(gzip, "Content-Encoding")).isEqualTo("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(bytes(gzip))).readAllBytes())
        .isEqualTo(plain);
    assertThat(header(zstd, "Content-Encoding")).isEqualTo("zstd");
    assertThat(Zstd.decompress(bytes(zstd), plain.length)).isEqualTo(plain);
    assertThat(bytes(zstd).length).isLessThan(plain.length / 4);
    assertThat(room.count("stitchd.stream.encodings", "kind", "put")).isEqualTo(1);
    var body = room.sdk.encodings.of(room.current()).put(room.current());
    assertThat(body.json(Coding.GZIP).block().array())
        .isSameAs(body.json(Coding.GZIP).block().array());
  }

  @Test
  void smallBodiesAreSentAsTheyAre() {
    var answer = get("/sdk/v1/config", "Accept-Encoding", "gzip").answer();

    assertThat(header(answer, "Content-Encoding")).isNull();
  }

  @Test
  void aLongPollAnswersAtTheNextChange() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2
    var poll = wait("/sdk/v1/config?since=" + room.current().cursor().text() + "&wait=PT30S");

    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(poll.running()).isNotDone();
    room.snapshots.publishFlag(room.environment, "a"); // 3

    assertThat(poll.answer().statusCode()).isEqualTo(200);
    assertThat(new String(bytes(poll.answer()), UTF_8)).startsWith("{\"revision\":3,\"since\":2,");
  }

  @Test
  void aLongPollInVainIs304() {
    var poll = wait("/sdk/v1/config?since=" + room.current().cursor().text() + "&wait=PT30S");

    time.advanceTimeBy(Duration.ofSeconds(30));

    assertThat(poll.answer().statusCode()).isEqualTo(304);
  }

  @Test
  void noPollWaitsLongerThanItMay() {
    var poll = wait("/sdk/v1/config?since=" + room.current().cursor().text() + "&wait=PT9H");

    time.advanceTimeBy(Duration.ofSeconds(60));

    assertThat(poll.answer().statusCode()).isEqualTo(304);
  }

  @Test
  void aLongPollEndsWithTheNodeWithTheKeyAndWithTheEnvironment() {
    var path = "/sdk/v1/config?since=" + room.current().cursor().text() + "&wait=PT30S";
    var revoked = wait(path);
    room.access.revoke();
    assertThat(revoked.answer().statusCode()).isEqualTo(401);

    var drained = wait(path);
    room.draining.stop();
    assertThat(drained.answer().statusCode()).isEqualTo(304);
  }

  @Test
  void whoeverLeavesALongPollLeavesNothingBehind() {
    var poll = wait("/sdk/v1/config?since=" + room.current().cursor().text() + "&wait=PT30S");
    assertThat(room.access.watchers()).isEqualTo(1);

    poll.running().cancel(true);

    await().atMost(Patience.SOON).until(() -> room.access.watchers() == 0);
  }

  @Test
  void aWaitThatIsNoDurationIsMalformed() {
    assertThat(get("/sdk/v1/config?wait=30").answer().statusCode()).isEqualTo(400);
    assertThat(get("/sdk/v1/config?wait=-PT1S").answer().statusCode()).isEqualTo(400);
  }

  /// A poll that has been sent.
  private record Asked(CompletableFuture<HttpResponse<byte[]>> running) {
    HttpResponse<byte[]> answer() {
      return running.join();
    }
  }

  private Asked get(String path, String... headers) {
    var all = new ArrayList<>(List.of("X-API-Key", OneKey.KEY));
    all.addAll(List.of(headers));
    return new Asked(server.ask("GET", path, null, all.toArray(String[]::new)));
  }

  /// A poll that is held.
  private Asked wait(String path) {
    var poll = get(path);
    await().atMost(Patience.SOON).until(() -> room.access.watchers() == 1);
    return poll;
  }

  private static String header(HttpResponse<byte[]> answer, String name) {
    return answer.headers().firstValue(name).orElse(null);
  }

  private static byte[] bytes(HttpResponse<byte[]> answer) {
    return answer.body();
  }
}
