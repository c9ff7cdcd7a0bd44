package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import dev.stitchd.boundary.ContentCodingTest;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// `POST /sdk/v1/events` of a whole server, on real stores.
class IngestIT {

  private static final Instant NOW = Clock.systemUTC().instant();
  private static final String NDJSON = "application/x-ndjson";

  private static Server server;
  private static StoreUrl store;
  private static Sdk backend;
  private static Sdk browser;

  @BeforeAll
  static void start() {
    server = Server.start();
    store = StoreUrl.of(server.clickHouse());
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.patch(
        "/projects/web/environments/production",
        "{\"settings\":{\"privateAttributes\":[\"secret\"]}}");
    admin.createFlag("web", "hidden");
    admin.create(
        "/projects/web/environments/production/event-definitions",
        """
        {"key":"purchase","name":"Purchase","valueType":"number","unit":"EUR","allowedProperties":["currency"]}\
        """);
    admin.createFlagFrom(
        "web",
        """
        {"key":"shown","name":"Shown","type":"boolean","variants":{"on":true,"off":false},"clientVisible":true}\
        """);
    backend = new Sdk(server.url(), admin.createSdkKey("web", "production", "server"));
    browser = new Sdk(server.url(), admin.createSdkKey("web", "production", "client"));
    // until then events are durable in the spool, and not yet to be found in ClickHouse
    await()
        .atMost(Patience.SOON)
        .until(() -> server.http().get("/health/ready").json().path("degraded").isEmpty());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String event(UUID id, String flag) {
    return Sdk.evaluation(id, NOW, flag, "on");
  }

  private static List<String> events(String flag, int count) {
    return IntStream.range(0, count).mapToObj(_ -> event(UUID.randomUUID(), flag)).toList();
  }

  private static long stored(String flag) {
    return Long.parseLong(
        store
            .query("SELECT uniqExact(id) FROM evaluation_events WHERE flag = '" + flag + "'")
            .getFirst());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void acceptedMeansStored() {
    var id = UUID.randomUUID();
    var answer =
        backend.send(
            bytes(
                Sdk.array(
                    List.of(
                        event(id, "accepted"),
                        event(id, "accepted"),
                        "{\"type\":\"track\",\"id\":\"" + id + "\",\"event\":\"Purchase\"}",
                        """
                        {"type":"count","id":"%s","at":"%s","flag":"accepted","variant":"off","count":1200}\
                        """
                            .formatted(UUID.randomUUID(), NOW)))));
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.body())
        .isEqualTo(
            """
            {"accepted":2,"duplicates":1,"rejected":[{"index":2,"id":"%s","code":"missing-at","detail":"an event needs at, or an id that is a version 7 UUID"}],"rejectedCount":1}\
            """
                .formatted(id));
    assertThat(answer.header("Cache-Control")).isEqualTo("private, no-cache");
    assertThat(answer.header("Vary"))
        .isEqualTo("Authorization, X-API-Key, Accept-Encoding, Origin");
    assertThat(
            store.query(
                "SELECT variant, context_key, source FROM evaluation_events WHERE flag = 'accepted'"))
        .containsExactly("on\tu-" + id + "\tserver_sdk");
    assertThat(
            server
                .admin()
                .get(
                    "/projects/web/environments/production/stats/evaluations?flag=accepted&interval=PT24H&from="
                        + NOW.minusSeconds(60)
                        + "&to="
                        + NOW.plusSeconds(60))
                .path("items")
                .values()
                .stream()
                .map(item -> item.path("variant").asString() + " " + item.path("count").asLong()))
        .containsExactlyInAnyOrder("on 1", "off 1200");
  }

  @Test
  void trackEventsAreStored() {
    var id = UUID.randomUUID();
    var answer =
        browser.send(
            bytes(
                """
                [{"type":"track","id":"%s","at":"%s","event":"purchase","value":49.9,"properties":{"currency":"EUR"},"context":{"targetingKey":"u1","plan":"pro","secret":"s3cret"}}]\
                """
                    .formatted(id, NOW)));
    assertThat(answer.body()).startsWith("{\"accepted\":1,");
    assertThat(
            store.query(
                "SELECT event, value, properties, context_key, attributes, source FROM track_events WHERE id = '"
                    + id
                    + "'"))
        .containsExactly("purchase\t49.9\t{\"currency\":\"EUR\"}\tu1\t{'plan':'pro'}\tclient_sdk");
  }

  @Test
  void trackEventsThatAreNotDefinedSoAreRejectedOneByOne() {
    var id = UUID.randomUUID();
    var answer =
        backend.send(
            bytes(
                Sdk.array(
                    List.of(
                        Sdk.track(UUID.randomUUID(), NOW, "purchase", "\"value\":1"),
                        Sdk.track(id, NOW, "purchse", "\"value\":1"),
                        Sdk.track(UUID.randomUUID(), NOW, "purchase", "\"value\":null"),
                        Sdk.track(
                            UUID.randomUUID(),
                            NOW,
                            "purchase",
                            "\"value\":1,\"properties\":{\"card\":\"4242\"}")))));
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().path("accepted").asInt()).isEqualTo(1);
    assertThat(
            answer.json().path("rejected").values().stream()
                .map(r -> r.path("index").asInt() + " " + r.path("code").asString()))
        .containsExactly("1 unknown-event", "2 bad-value", "3 property-not-allowed");
    assertThat(answer.json().path("rejected").get(0).path("id").asString())
        .isEqualTo(id.toString());
  }

  /// Everything that can be wrong with single events, at once, among good ones.
  @Test
  void whatIsWrongWithSingleEventsDisturbsNoOther() {
    var template =
        "{\"type\":\"track\",\"id\":\"%s\",\"at\":\"" + NOW + "\",\"event\":\"purchase\",%s}";
    var twice = Sdk.track(UUID.randomUUID(), NOW, "purchase", "\"value\":1");
    var bad =
        List.of(
            Sdk.track(UUID.randomUUID(), NOW.plusSeconds(3_600), "purchase", "\"value\":1"),
            Sdk.track(UUID.randomUUID(), Instant.EPOCH, "purchase", "\"value\":1"),
            template.formatted(UUID.randomUUID(), "\"value\":1e999"),
            template.formatted(UUID.randomUUID(), "\"value\":-" + "9".repeat(2_000)),
            template.formatted(
                UUID.randomUUID(), "\"value\":1,\"properties\":{\"currency\":1e400}"),
            template.formatted(
                UUID.randomUUID(), "\"value\":1,\"properties\":{\"currency\":\"a\\u0000\"}"),
            template.formatted(
                UUID.randomUUID(), "\"value\":1,\"properties\":{\"currency\":\"\\ud83d\"}"),
            template.formatted(
                UUID.randomUUID(), "\"value\":1,\"context\":{\"targetingKey\":\"\\udc00\"}"),
            template.formatted(UUID.randomUUID(), "\"value\":1,\"value\":2"),
            template.formatted(UUID.randomUUID(), "\"value\":nonsense"));
    var mixed = new ArrayList<String>();
    for (var event : bad) {
      mixed.add(Sdk.track(UUID.randomUUID(), NOW, "purchase", "\"value\":1"));
      mixed.add(event);
    }
    mixed.add(twice);
    mixed.add(twice);
    var codes =
        List.of(
            "at-out-of-range",
            "at-out-of-range",
            "bad-value",
            "bad-value",
            "number-not-storable",
            "text-not-storable",
            "text-not-storable",
            "text-not-storable",
            "malformed",
            "malformed");
    for (var answer :
        List.of(
            backend.send(bytes(Sdk.array(mixed))),
            backend.send(bytes(String.join("\n", mixed)), "Content-Type", NDJSON))) {
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.json().path("accepted").asInt()).isEqualTo(11);
      assertThat(answer.json().path("duplicates").asInt()).isEqualTo(1);
      assertThat(answer.json().path("rejected").values())
          .extracting(r -> r.path("code").asString())
          .isEqualTo(codes);
      assertThat(answer.json().path("rejected").values())
          .extracting(r -> r.path("index").asInt())
          .containsExactly(1, 3, 5, 7, 9, 11, 13, 15, 17, 19);
    }
  }

  /// 1 GB through a server that may not hold it.
  @Test
  void aLineOfAGigabyteIsPassedOver() {
    var good = events("around", 2);
    var answer =
        backend.sendAround(
            good.get(0) + "\n", 1_000_000_000L, "\n" + good.get(1) + "\n", "Content-Type", NDJSON);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json().path("accepted").asInt()).isEqualTo(2);
    assertThat(answer.json().path("rejected").get(0).path("code").asString())
        .isEqualTo("too-large");
    assertThat(stored("around")).isEqualTo(2);
  }

  @Test
  void privateAttributesAreNowhereInTheStore() {
    assertThat(backend.send(bytes(Sdk.array(events("private", 3)))).status()).isEqualTo(202);
    assertThat(
            store.query(
                "SELECT count() FROM evaluation_events WHERE flag = 'private' AND position(toString(tuple(*)), 's3cret') > 0"))
        .containsExactly("0");
    assertThat(
            store.query("SELECT DISTINCT attributes FROM evaluation_events WHERE flag = 'private'"))
        .containsExactly("{'home.city':'Ulm'}");
  }

  @Test
  void packedArraysAndLinesAreTaken() {
    var array = bytes(Sdk.array(events("packed", 500)));
    var lines = bytes(String.join("\n", events("packed", 500)));
    for (var body :
        List.of(
            backend.send(ContentCodingTest.gzip(array), "Content-Encoding", "gzip"),
            backend.send(Zstd.compress(array), "Content-Encoding", "zstd"),
            backend.send(lines, "Content-Type", NDJSON),
            backend.send(
                ContentCodingTest.gzip(lines), "Content-Encoding", "gzip", "Content-Type", NDJSON),
            backend.send(
                Zstd.compress(lines), "Content-Encoding", "zstd", "Content-Type", NDJSON))) {
      assertThat(body.body()).startsWith("{\"accepted\":500,\"duplicates\":0,\"rejected\":[]");
    }
    assertThat(stored("packed")).isEqualTo(1_000);
  }

  @Test
  void largeStreamOfLinesIsTaken() {
    var answer =
        backend.send(bytes(String.join("\n", events("lines", 40_000))), "Content-Type", NDJSON);
    assertThat(answer.body()).startsWith("{\"accepted\":40000,");
    assertThat(stored("lines")).isEqualTo(40_000);
  }

  @Test
  void sendingAgainChangesNothing() {
    var body = bytes(Sdk.array(events("again", 200)));
    for (int i = 0; i < 3; i++) {
      assertThat(backend.send(body).status()).isEqualTo(202);
    }
    assertThat(stored("again")).isEqualTo(200);
    assertThat(
            server
                .admin()
                .get(
                    "/projects/web/environments/production/stats/evaluations?flag=again&interval=PT24H&from="
                        + NOW.minusSeconds(60)
                        + "&to="
                        + NOW.plusSeconds(60))
                .path("items")
                .get(0)
                .path("count")
                .asLong())
        .isEqualTo(200);
  }

  @Test
  void clientKeySendsEvaluationsOfWhatItSees() {
    var answer =
        browser.send(
            bytes(
                Sdk.array(
                    List.of(
                        event(UUID.randomUUID(), "shown"),
                        event(UUID.randomUUID(), "hidden"),
                        event(UUID.randomUUID(), "nowhere"),
                        """
                        {"type":"count","id":"%s","at":"%s","flag":"shown","variant":"on","count":1}\
                        """
                            .formatted(UUID.randomUUID(), NOW)))),
            "Origin",
            "https://shop.example");
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().path("accepted").asInt()).isEqualTo(1);
    assertThat(answer.json().path("rejected").values().stream().map(r -> r.path("code").asString()))
        .containsExactly("not-visible", "not-visible", "not-allowed");
    assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
    assertThat(store.query("SELECT DISTINCT source FROM evaluation_events WHERE flag = 'shown'"))
        .containsExactly("client_sdk");
  }

  @Test
  void serverKeysHaveNoBusinessInABrowser() {
    var answer =
        backend.send(bytes(Sdk.array(events("browser", 1))), "Origin", "https://shop.example");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
  }

  @Test
  void badRequestsAreClearProblemsAndChangeNothing() {
    var good = bytes(Sdk.array(events("bad", 20)));
    var gzip = ContentCodingTest.gzip(good);
    var broken = gzip.clone();
    broken[broken.length / 2] ^= 0x55;
    var big = new byte[10 * 1024 * 1024 + 1];
    Arrays.fill(big, (byte) ' ');
    record Case(int status, String code, byte[] body, String... headers) {}
    for (var bad :
        List.of(
            new Case(400, "malformed", bytes("{}")),
            new Case(400, "malformed", bytes("")),
            new Case(400, "malformed", Arrays.copyOf(good, good.length - 7)),
            new Case(400, "malformed", broken, "Content-Encoding", "gzip"),
            new Case(400, "malformed", Arrays.copyOf(gzip, 200), "Content-Encoding", "gzip"),
            new Case(400, "malformed", good, "Content-Encoding", "zstd"),
            new Case(413, "too-large", big),
            new Case(
                413,
                "too-large",
                ContentCodingTest.gzip(new byte[50_000_000]),
                "Content-Encoding",
                "gzip"),
            new Case(
                413, "too-large", Zstd.compress(new byte[50_000_000]), "Content-Encoding", "zstd"),
            new Case(415, "unsupported-media-type", good, "Content-Encoding", "br"),
            new Case(415, "unsupported-media-type", good, "Content-Type", "text/csv"),
            new Case(401, "unauthenticated", good, "Authorization", "Bearer sdk_srv_nobody"))) {
      var answer = backend.send(bad.body(), bad.headers());
      assertThat(answer.status()).as(answer.body()).isEqualTo(bad.status());
      assertThat(answer.json().path("code").asString()).isEqualTo(bad.code());
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    }
    assertThat(stored("bad")).isZero();
    assertThat(backend.send(good).status()).isEqualTo(202);
    assertThat(stored("bad")).isEqualTo(20);
  }

  @Test
  void badLinesAreRejectedOneByOne() {
    var lines = new ArrayList<>(events("mixed", 3));
    lines.add(1, "{\"type\":");
    lines.add(3, "x".repeat(200_000));
    lines.add("{\"type\":\"evaluation\",\"id\":\"cut");
    var answer = backend.send(bytes(String.join("\n", lines)), "Content-Type", NDJSON);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().path("accepted").asInt()).isEqualTo(3);
    assertThat(
            answer.json().path("rejected").values().stream()
                .map(r -> r.path("index").asInt() + " " + r.path("code").asString()))
        .containsExactly("1 malformed", "3 too-large", "5 malformed");
  }
}
