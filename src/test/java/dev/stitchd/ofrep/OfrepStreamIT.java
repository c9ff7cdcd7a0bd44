package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.StoreUrl;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// OFREP's event stream on two whole servers that share one PostgreSQL, over HTTP alone.
@Timeout(180)
class OfrepStreamIT {

  private static final Duration SOON = Patience.SOON;
  private static final String FLAGS = "/ofrep/v1/evaluate/flags";

  private static Server one;
  private static Server other;
  private static Admin admin;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private String key;
  private String keyId;
  private String secretKey;

  @BeforeAll
  static void start() {
    one = Server.start(Map.of("STITCHD_STREAM_HEARTBEAT", "PT0.5S", "STITCHD_STREAM_PER_KEY", "3"));
    other = Server.on(one.postgres(), one.clickHouse(), Map.of("STITCHD_OFREP_RECENT", "PT0S"));
    admin = one.admin();
  }

  @AfterAll
  static void stop() {
    other.stop();
    one.stop();
  }

  @BeforeEach
  void project() {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlagFrom(
        project,
        "{\"key\":\"shown\",\"name\":\"Shown\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false},\"clientVisible\":true}");
    admin.createFlag(project, "hidden");
    var created =
        admin
            .send(
                "POST",
                "/projects/" + project + "/environments/production/sdk-keys",
                "{\"name\":\"page\",\"kind\":\"client\"}")
            .json();
    key = created.path("key").asString();
    keyId = created.path("id").asString();
  }

  private Http.Answer all(Server server, String query, String... headers) {
    var with = new ArrayList<>(List.of("X-API-Key", key));
    with.addAll(List.of(headers));
    return server.http().post(FLAGS + query, "{}", with.toArray(String[]::new));
  }

  /// Path and query, as bulk answers have it.
  private String address() {
    var stream = all(one, "").json().path("eventStreams").get(0);
    assertThat(stream.path("type").asString()).isEqualTo("sse");
    assertThat(stream.path("inactivityDelaySec").asInt()).isEqualTo(120);
    return stream.path("endpoint").path("requestUri").asString();
  }

  private static SseClient open(Server server, String address, String... headers) {
    return SseClient.open(server.url() + address, headers);
  }

  private static SseClient.Event await(SseClient stream, String event) {
    return stream.await(e -> e.name().equals(event), SOON);
  }

  private static double openStreams(Server server) {
    return server.bean(MeterRegistry.class).get("stitchd.streams").gauge().value();
  }

  private static void waitUntil(java.util.function.BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void aTokenOfOneNodeIsGoodOnTheOtherAndBothAnswerTheSame() {
    var here = all(one, "");
    var there = all(other, "");
    assertThat(there.body()).isEqualTo(here.body());
    assertThat(all(other, "", "If-None-Match", here.header("ETag")).status()).isEqualTo(304);

    try (var stream = open(other, address())) {
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.headers().firstValue("Content-Type")).hasValue("text/event-stream");
      assertThat(stream.headers().firstValue("Cache-Control")).hasValue("no-store");
      var current = await(stream, "current");
      assertThat(current.id()).matches("[0-9a-f]{8}\\.[0-9]+");
      assertThat(current.data()).isEqualTo("{\"type\":\"current\"}");
      assertThat(Integer.parseInt(stream.retry())).isBetween(1_000, 5_000);
    }
  }

  @Test
  void aVisibleChangeOnOneNodeIsToldOnTheOtherAndTheFirstHasIt() {
    try (var stream = open(other, address())) {
      await(stream, "current");
      admin.serve(project, "hidden", "production", "on");
      admin.serve(project, "shown", "production", "on");

      var told = await(stream, "message");

      assertThat(stream.events()).hasSize(2);
      assertThat(told.json().path("type").asString()).isEqualTo("refetchEvaluation");
      var tag = told.json().path("etag").asString();
      assertThat(tag).isEqualTo("\"" + told.id() + "\"");
      var fresh = all(one, "?flagConfigEtag=" + URLEncoder.encode(tag, StandardCharsets.UTF_8));
      assertThat(fresh.json().path("flags").get(0).path("variant").asString()).isEqualTo("on");
    }
  }

  /// The environment's revision on a node, which only secret keys are told.
  private long revision(Server server) {
    if (secretKey == null) {
      secretKey = admin.createSdkKey(project, "production", "server");
    }
    return server
        .http()
        .post(FLAGS, "{}", "X-API-Key", secretKey)
        .json()
        .path("metadata")
        .path("revision")
        .asLong();
  }

  @Test
  void aChangeThatTheKeyMayNotSeeChangesNothingOfItsAnswer() throws Exception {
    var before = all(one, "");
    long revision = revision(one);
    admin.serve(project, "hidden", "production", "on");
    waitUntil(() -> revision(one) > revision);
    assertThat(all(one, "", "If-None-Match", before.header("ETag")).status()).isEqualTo(304);
    assertThat(all(one, "").body()).isEqualTo(before.body());
    admin.serve(project, "shown", "production", "on");
    waitUntil(() -> variant(all(one, "")).equals("on"));
    assertThat(all(one, "", "If-None-Match", before.header("ETag")).status()).isEqualTo(200);
  }

  @Test
  void membersOfAListThatAVisibleFlagAsksAreAChangeAndOthersAreNot() throws Exception {
    for (var list : List.of("asked", "unasked")) {
      admin.createSegment(
          project, "production", "{\"key\":\"%s\",\"name\":\"List\"}".formatted(list));
    }
    admin.changeTargeting(
        project,
        "shown",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          var rule = targeting.putArray("rules").addObject().put("id", "listed");
          rule.putObject("when").put("segment", "asked");
          rule.putObject("serve").put("variant", "on");
        });
    try (var stream = open(other, address())) {
      await(stream, "current");
      addMember("unasked");
      Thread.sleep(1_500); // changes of members are announced together, once a second
      addMember("asked");
      await(stream, "message");
      assertThat(stream.events()).hasSize(2);
    }
  }

  private void addMember(String list) {
    var path = "/projects/" + project + "/environments/production/segments/" + list + "/members";
    var added = admin.send("POST", path, "{\"keys\":[\"u1\"]}");
    assertThat(added.status()).as(added.body()).isBetween(200, 299);
  }

  @Test
  void aNodeThatIsBehindCatchesUpWhenItsClientKnowsMore() throws Exception {
    var deafSettings =
        Map.of(
            "STITCHD_SAFETY_POLL", "PT1H",
            "STITCHD_CHANGEFEED_FIRST_RETRY", "PT50S",
            "STITCHD_CHANGEFEED_LONGEST_RETRY", "PT50S");
    try (var deaf = Server.on(one.postgres(), one.clickHouse(), deafSettings)) {
      assertThat(variant(all(deaf, ""))).isEqualTo("off");
      StoreUrl.of(one.postgres())
          .query(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  + " WHERE application_name = 'stitchd-listener' AND datname = current_database()");
      admin.serve(project, "shown", "production", "on");
      waitUntil(() -> variant(all(one, "")).equals("on"));
      var server = admin.createSdkKey(project, "production", "server");
      var tag = one.http().get("/sdk/v1/config", "X-API-Key", server).header("ETag");

      assertThat(variant(all(deaf, ""))).isEqualTo("off");
      var told = "?flagConfigEtag=" + URLEncoder.encode(tag, StandardCharsets.UTF_8);
      assertThat(variant(all(deaf, told))).isEqualTo("on");
    }
  }

  private static String variant(Http.Answer all) {
    return all.json().path("flags").get(0).path("variant").asString();
  }

  @Test
  void whoComesBackHearsOnlyOfWhatItMissed() throws Exception {
    var address = address();
    String cursor;
    try (var stream = open(other, address)) {
      cursor = await(stream, "current").id();
    }
    admin.serve(project, "hidden", "production", "on");
    waitUntil(() -> revision(other) > 3);
    try (var stream = open(other, address, "Last-Event-ID", cursor)) {
      cursor = await(stream, "current").id();
    }
    admin.serve(project, "shown", "production", "on");
    try (var stream = open(other, address, "Last-Event-ID", cursor)) {
      await(stream, "message");
    }
  }

  @Test
  void theEndOfTheKeyEndsItsStreamsAndItsTokenOnEveryNode() throws Exception {
    var address = address();
    try (var here = open(one, address);
        var there = open(other, address)) {
      await(here, "message"); // the node has just begun to watch
      await(there, "current");
      long start = System.nanoTime();

      var keys = "/projects/" + project + "/environments/production/sdk-keys/";
      assertThat(admin.send("DELETE", keys + keyId + "?force=true", "").status()).isEqualTo(204);

      for (var stream : List.of(here, there)) {
        assertThat(await(stream, "goodbye").json().path("reason").asString())
            .isEqualTo("key-revoked");
        stream.awaitEnd(SOON);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Patience.withinSeconds(2));
      for (var server : List.of(one, other)) {
        waitUntil(() -> server.http().get(address).status() == 401);
      }
    }
  }

  @Test
  void theEndOfTheEnvironmentSaysSo() {
    try (var stream = open(other, address())) {
      await(stream, "current");
      admin.send(
          "DELETE", "/projects/" + project + "/environments/production", "", "If-Match", "*");
      assertThat(await(stream, "goodbye").json().path("reason").asString())
          .isEqualTo("environment-deleted");
    }
  }

  @Test
  void refusalsAreOfrepsAndSayNothingOfTheToken() {
    for (var address :
        new String[] {"/ofrep/v1/stream", "/ofrep/v1/stream?token=", address() + "x"}) {
      var refused = one.http().get(address, "Origin", "https://shop.example");
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.header("Content-Type")).isEqualTo("application/json");
      assertThat(refused.json().path("errorDetails").asString()).isNotBlank();
      assertThat(refused.body()).doesNotContain("token=");
      assertThat(refused.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
    }
    assertThat(one.http().post("/ofrep/v1/stream", "{}").status()).isEqualTo(401);
  }

  @Test
  void aPageMayReadItIfItsOriginMayUseTheKey() {
    try (var stream = open(other, address(), "Origin", "https://shop.example")) {
      assertThat(stream.headers().firstValue("Access-Control-Allow-Origin"))
          .hasValue("https://shop.example");
      await(stream, "current");
    }
    var server = admin.createSdkKey(project, "production", "server");
    key = server;
    assertThat(one.http().get(address(), "Origin", "https://shop.example").status()).isEqualTo(403);
  }

  @Test
  void itLivesCountsAndIsLimitedAsEveryStreamIs() throws Exception {
    var before = openStreams(one);
    var address = address();
    var streams = new ArrayList<SseClient>();
    for (int i = 0; i < 3; i++) {
      streams.add(open(one, address));
      assertThat(streams.getLast().status()).isEqualTo(200);
    }
    assertThat(openStreams(one)).isEqualTo(before + 3);
    var refused = one.http().get(address);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.header("Retry-After")).matches("[1-5]");
    assertThat(refused.json().path("errorCode").asString()).isEqualTo("GENERAL");
    waitUntil(() -> streams.getFirst().comments().contains("hb"));

    streams.forEach(SseClient::close);
    waitUntil(() -> openStreams(one) <= before);
  }

  @Test
  void aNodeThatStopsSaysGoodbye() {
    var third = Server.on(one.postgres(), one.clickHouse(), Map.of("STITCHD_OFREP_RECENT", "PT0S"));
    try (var stream = open(third, address())) {
      await(stream, "current");
      var stopping = CompletableFuture.runAsync(third::stop);
      var goodbye = await(stream, "goodbye").json();
      assertThat(goodbye.path("reason").asString()).isEqualTo("draining");
      assertThat(goodbye.path("reconnectAfterMs").asInt()).isBetween(1_000, 5_000);
      stopping.join();
    }
  }

  @Test
  void noLogHoldsAToken() throws Exception {
    try (var log = LogLines.open()) {
      var address = address();
      var before = openStreams(other);
      try (var stream = open(other, address)) {
        await(stream, "current");
      }
      waitUntil(() -> openStreams(other) <= before);
      other.http().get(address + "x");
      var token = address.substring(address.indexOf('=') + 1);
      assertThat(log.with(token.substring(0, 20))).isZero();
    }
  }
}
