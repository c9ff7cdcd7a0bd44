package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import dev.stitchd.kernel.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

class ConfigFilterTest {

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final Room room = new Room(time);

  @AfterEach
  void reset() {
    assertThat(room.access.watchers()).isZero();
    room.snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  @Test
  void answersEverythingWithAnETag() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1

    var answer = get("/sdk/v1/config").answer();

    assertThat(answer.getStatusCode()).isEqualTo(HttpStatus.OK);
    assertThat(answer.getHeaders().getFirst("ETag"))
        .isEqualTo("\"" + room.current().cursor() + "\"");
    assertThat(answer.getHeaders().getFirst("Cache-Control")).isEqualTo("private, no-cache");
    assertThat(answer.getHeaders().getFirst("Vary"))
        .isEqualTo("Authorization, X-API-Key, Accept-Encoding");
    var body = Json.parseOwn(new String(bytes(answer), UTF_8));
    assertThat(body.propertyNames())
        .containsExactly("revision", "environment", "flags", "segments");
  }

  @Test
  void whoHasItAlreadyGets304() {
    room.snapshots.publishFlag(room.environment, "checkout"); // 1
    var cursor = room.current().cursor();

    for (var tag :
        List.of(
            "\"" + cursor + "\"", "W/\"" + cursor + "\"", "\"other\", W/\"" + cursor + "\"", "*")) {
      var answer = get("/sdk/v1/config", "If-None-Match", tag).answer();
      assertThat(answer.getStatusCode()).isEqualTo(HttpStatus.NOT_MODIFIED);
      assertThat(answer.getHeaders().getFirst("ETag")).isEqualTo("\"" + cursor + "\"");
      assertThat(bytes(answer)).isEmpty();
    }
    assertThat(
            get("/sdk/v1/config", "If-None-Match", "\"" + cursor + "0\"").answer().getStatusCode())
        .isEqualTo(HttpStatus.OK);
  }

  @Test
  void sinceGivesThePatchForm() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2
    var cursor = room.current().cursor();
    room.snapshots.publishFlag(room.environment, "c"); // 3

    var patch =
        Json.parseOwn(new String(bytes(get("/sdk/v1/config?since=" + cursor).answer()), UTF_8));

    assertThat(patch.path("since").asLong()).isEqualTo(2);
    assertThat(patch.path("flags").propertyNames()).containsExactly("c");
    assertThat(get("/sdk/v1/config?since=" + room.current().cursor()).answer().getStatusCode())
        .isEqualTo(HttpStatus.NOT_MODIFIED);
    assertThat(new String(bytes(get("/sdk/v1/config?since=12345678.2").answer()), UTF_8))
        .contains("\"environment\"");
  }

  @Test
  void compressesOnceForAll() throws IOException {
    IntStream.range(0, 20).forEach(i -> room.snapshots.publishFlag(room.environment, "flag-" + i));
    var plain = bytes(get("/sdk/v1/config").answer());

    var gzip = get("/sdk/v1/config", "Accept-Encoding", "gzip").answer();
    var zstd = get("/sdk/v1/config", "Accept-Encoding", "gzip, zstd").answer();

    assertThat(gzip.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING)).isEqualTo("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(bytes(gzip))).readAllBytes())
        .isEqualTo(plain);
    assertThat(zstd.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING)).isEqualTo("zstd");
    assertThat(Zstd.decompress(bytes(zstd), plain.length)).isEqualTo(plain);
    assertThat(bytes(zstd).length).isLessThan(plain.length / 4);
    assertThat(room.count("stitchd.stream.encodings", "kind", "put")).isEqualTo(1);
    var body = room.editions.of(room.current()).put(room.current());
    assertThat(body.json(Coding.GZIP).block().array())
        .isSameAs(body.json(Coding.GZIP).block().array());
  }

  @Test
  void smallBodiesAreSentAsTheyAre() {
    var answer = get("/sdk/v1/config", "Accept-Encoding", "gzip").answer();

    assertThat(answer.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING)).isNull();
  }

  @Test
  void aLongPollAnswersAtTheNextChange() {
    room.snapshots.publishFlag(room.environment, "a"); // 1
    room.snapshots.publishFlag(room.environment, "b"); // 2
    var poll = get("/sdk/v1/config?since=" + room.current().cursor() + "&wait=PT30S");

    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(poll.answers).isEmpty();
    room.snapshots.publishFlag(room.environment, "a"); // 3

    assertThat(poll.answer().getStatusCode()).isEqualTo(HttpStatus.OK);
    assertThat(new String(bytes(poll.answer()), UTF_8)).startsWith("{\"revision\":3,\"since\":2,");
  }

  @Test
  void aLongPollInVainIs304() {
    var poll = get("/sdk/v1/config?since=" + room.current().cursor() + "&wait=PT30S");

    time.advanceTimeBy(Duration.ofSeconds(30));

    assertThat(poll.answer().getStatusCode()).isEqualTo(HttpStatus.NOT_MODIFIED);
  }

  @Test
  void noPollWaitsLongerThanItMay() {
    var poll = get("/sdk/v1/config?since=" + room.current().cursor() + "&wait=PT9H");

    time.advanceTimeBy(Duration.ofSeconds(60));

    assertThat(poll.answer().getStatusCode()).isEqualTo(HttpStatus.NOT_MODIFIED);
  }

  @Test
  void aLongPollEndsWithTheNodeWithTheKeyAndWithTheEnvironment() {
    var path = "/sdk/v1/config?since=" + room.current().cursor() + "&wait=PT30S";
    var revoked = get(path);
    room.access.revoke();
    assertThat(revoked.failures).hasSize(1);

    var drained = get(path);
    room.draining.stop();
    assertThat(drained.answer().getStatusCode()).isEqualTo(HttpStatus.NOT_MODIFIED);
  }

  @Test
  void whoeverLeavesALongPollLeavesNothingBehind() {
    var poll = get("/sdk/v1/config?since=" + room.current().cursor() + "&wait=PT30S");
    assertThat(room.access.watchers()).isEqualTo(1);

    poll.running.dispose();

    assertThat(room.access.watchers()).isZero();
  }

  @Test
  void aWaitThatIsNoDurationIsMalformed() {
    assertThat(get("/sdk/v1/config?wait=30").failures).hasSize(1);
    assertThat(get("/sdk/v1/config?wait=-PT1S").failures).hasSize(1);
  }

  private static final class Asked {
    private final List<MockServerHttpResponse> answers = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private Disposable running;

    MockServerHttpResponse answer() {
      assertThat(failures).isEmpty();
      assertThat(answers).hasSize(1);
      return answers.getFirst();
    }
  }

  private Asked get(String path, String... headers) {
    var request = MockServerHttpRequest.get(path).header("X-API-Key", OneKey.KEY);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    var exchange = MockServerWebExchange.from(request);
    var asked = new Asked();
    asked.running =
        room.config
            .filter(exchange, _ -> Mono.empty())
            .then(Mono.fromSupplier(exchange::getResponse))
            .subscribe(asked.answers::add, asked.failures::add);
    return asked;
  }

  private static byte[] bytes(MockServerHttpResponse answer) {
    var body = answer.getBody().map(ConfigFilterTest::bytes).collectList().block();
    return body.isEmpty() ? new byte[0] : body.getFirst();
  }

  private static byte[] bytes(org.springframework.core.io.buffer.DataBuffer buffer) {
    var bytes = new byte[buffer.readableByteCount()];
    var copy = buffer.toByteBuffer();
    copy.get(bytes);
    return Arrays.copyOf(bytes, bytes.length);
  }
}
