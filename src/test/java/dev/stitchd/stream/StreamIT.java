package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Node;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.Transport;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Streaming and polling on two whole servers that share one PostgreSQL, over HTTP alone: the same
/// over every transport. One server speaks plain HTTP, the other one TLS; the one that speaks what
/// is to be tested is `one`, and changes are made on the other one.
@LongRunning
@Timeout(180)
@ParameterizedClass
@EnumSource(Transport.class)
class StreamIT {

  private static final Duration SOON = Patience.SOON;

  private static Server plain;
  private static Server encrypted;

  private final Transport transport;
  private final Node one;
  private final Node other;
  private final Admin admin;
  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private String key;

  StreamIT(Transport transport) {
    this.transport = transport;
    var first = new Node(plain, Transport.PLAIN);
    this.one = transport.isEncrypted() ? new Node(encrypted, transport) : first;
    this.other = transport.isEncrypted() ? first : new Node(encrypted, Transport.TLS);
    this.admin = other.admin();
  }

  @BeforeAll
  static void start() {
    var heartbeat = Map.of("STITCHD_STREAM_HEARTBEAT", "PT1S");
    plain = Server.start(heartbeat);
    encrypted = Server.on(plain.postgres(), plain.clickHouse(), Transport.TLS.settings(heartbeat));
  }

  @AfterAll
  static void stop() {
    encrypted.stop();
    plain.stop();
  }

  @BeforeEach
  void project() {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    key = admin.createSdkKey(project, "production", "server");
  }

  @Test
  void aStreamBeginsWithHeadersRetryAndEverything() {
    admin.createFlag(project, "checkout");

    try (var stream = one.stream(key)) {
      var put = await(stream, "put");

      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.version()).isEqualTo(transport.version());
      assertThat(stream.headers().firstValue("Content-Type")).hasValue("text/event-stream");
      assertThat(stream.headers().firstValue("Cache-Control")).hasValue("no-store");
      assertThat(stream.headers().firstValue("X-Accel-Buffering")).hasValue("no");
      assertThat(Integer.parseInt(stream.retry())).isBetween(1_000, 5_000);
      assertThat(put.id()).matches("[0-9a-f]{8}\\.[0-9]+");
      assertThat(put.json().path("environment").asString()).isEqualTo("production");
      assertThat(put.json().path("flags").propertyNames()).containsExactly("checkout");
    }
  }

  @Test
  void aChangeOnOneNodeArrivesOnStreamsOfTheOther() {
    admin.createFlag(project, "checkout");
    try (var here = one.stream(key);
        var there = other.stream(key)) {
      await(here, "put");
      await(there, "put");

      admin.serve(project, "checkout", "production", "on");

      var patch = await(here, "patch");
      assertThat(patch.json().path("flags").path("checkout").path("enabled").asBoolean()).isTrue();
      assertThat(await(there, "patch").data()).isEqualTo(patch.data());
    }
  }

  @Test
  void aDeletedFlagIsNullInAPatch() {
    admin.createFlag(project, "checkout");
    try (var stream = one.stream(key)) {
      await(stream, "put");

      delete("/projects/" + project + "/flags/checkout");

      assertThat(await(stream, "patch").json().path("flags").get("checkout").isNull()).isTrue();
    }
  }

  @Test
  void aCursorIsGoodOnAnyNode() {
    admin.createFlag(project, "checkout");
    admin.createFlag(project, "banner");
    admin.createFlag(project, "search");
    String cursor;
    try (var stream = other.stream(key)) {
      cursor = await(stream, "put").id();
    }

    try (var current = one.stream(key, "Last-Event-ID", cursor)) {
      assertThat(await(current, "current").id()).isEqualTo(cursor);
    }
    admin.serve(project, "checkout", "production", "on");
    try (var patched = one.open("/sdk/v1/stream?since=" + cursor, List.of("X-API-Key", key))) {
      assertThat(patched.events()).isNotNull();
      var patch = await(patched, "patch");
      assertThat(patch.json().path("flags").propertyNames()).containsExactly("checkout");
      assertThat(cursor).endsWith("." + patch.json().path("since").asLong());
    }
  }

  @Test
  void aCursorOfAnotherEnvironmentGetsEverything() {
    admin.createFlag(project, "checkout");
    admin.createEnvironment(project, "staging");
    var staging = admin.createSdkKey(project, "staging", "server");
    String cursor;
    try (var stream = one.stream(staging)) {
      cursor = await(stream, "put").id();
    }

    try (var stream = one.stream(key, "Last-Event-ID", cursor)) {
      assertThat(await(stream, "put").json().path("environment").asString())
          .isEqualTo("production");
    }
  }

  @Test
  void killingTheListeningConnectionsLosesNothing() throws SQLException {
    admin.createFlag(project, "checkout");
    try (var stream = one.stream(key)) {
      var at = await(stream, "put").json();
      for (int i = 0; i < 5; i++) {
        killListeners();
        admin.serve(project, "checkout", "production", i % 2 == 0 ? "on" : "off");
        at = applied(at, await(stream, "patch").json());
      }
      assertThat(at).isEqualTo(config(one));
    }
  }

  @Test
  void aRestoredBackupVoidsAllCursorsOnEveryNode() throws SQLException {
    admin.createFlag(project, "checkout");
    admin.createFlag(project, "banner");
    try (var here = one.stream(key);
        var there = other.stream(key)) {
      var before = await(here, "put");
      await(there, "put");

      sql(
          "UPDATE environments e SET revision = revision - 1 FROM projects p WHERE p.id = e.project_id AND p.key = '"
              + project
              + "'");

      var after = await(here, "put");
      assertThat(after.id().substring(0, 8)).isNotEqualTo(before.id().substring(0, 8));
      assertThat(await(there, "put").id()).isEqualTo(after.id());
    }
  }

  @Test
  void theLagOfANodeCountsFromTheCommitAndNotFromHearing() throws SQLException {
    admin.createFlag(project, "checkout");
    try (var there = one.stream(key)) {
      await(there, "put");
      var notice = one.bean(MeterRegistry.class).get("stitchd.snapshot.notice").timer();
      long before = notice.count();
      admin.serve(project, "checkout", "production", "on");
      await(there, "patch");
      assertThat(notice.count()).isGreaterThan(before);
      assertThat(notice.mean(TimeUnit.MILLISECONDS)).isGreaterThan(0);
      double sum = notice.totalTime(TimeUnit.SECONDS);

      sql( // a change of seven seconds ago that nobody announced
          """
          WITH changed AS (UPDATE environments e SET revision = revision + 1 FROM projects p
                            WHERE p.id = e.project_id AND p.key = '%s' RETURNING e.tenant_id, e.id, e.revision)
          INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor, committed_at)
          SELECT tenant_id, id, revision, 'flag', 'gone', NULL, 'test', now() - interval '7 s' FROM changed
          """
              .formatted(project));
      await(there, "patch");
      assertThat(notice.totalTime(TimeUnit.SECONDS) - sum)
          .isBetween(7.0, 7.0 + Patience.withinSeconds(5).toSeconds());
    }
  }

  @Test
  void aStreamLives() {
    try (var stream = one.stream(key)) {
      await(stream, "put");
      waitUntil(() -> stream.comments().contains("hb"));
    }
  }

  @Test
  void aRevokedKeyEndsItsStreamsOnEveryNodeAndNoOthers() {
    var keys = "/projects/" + project + "/environments/production/sdk-keys";
    var second = admin.send("POST", keys, "{\"name\":\"second\",\"kind\":\"server\"}").json();
    try (var here = one.stream(second.path("key").asString());
        var there = other.stream(second.path("key").asString());
        var kept = one.stream(key)) {
      await(here, "put");
      await(there, "put");
      await(kept, "put");

      delete(keys + "/" + second.path("id").asString());

      assertThat(promptReason(here)).isEqualTo("key-revoked");
      assertThat(promptReason(there)).isEqualTo("key-revoked");
      assertThat(kept.ended()).isFalse();
    }
  }

  @Test
  void aDeletedEnvironmentEndsItsStreamsOnEveryNode() {
    try (var here = one.stream(key);
        var there = other.stream(key)) {
      await(here, "put");
      await(there, "put");

      delete("/projects/" + project + "/environments/production");

      assertThat(promptReason(here)).isEqualTo("environment-deleted");
      assertThat(promptReason(there)).isEqualTo("environment-deleted");
      here.awaitEnd(SOON);
    }
  }

  @Test
  void refusalsAreProblemsBeforeAnyStreamStarts() {
    var client = admin.createSdkKey(project, "production", "client");

    var none = one.http().get("/sdk/v1/stream");
    var wrong = one.http().get("/sdk/v1/stream", "X-API-Key", "sdk_srv_wrong");
    var forbidden = one.http().get("/sdk/v1/stream", "X-API-Key", client);

    assertThat(none.status()).isEqualTo(401);
    assertThat(none.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(forbidden.status()).isEqualTo(403);
    assertThat(forbidden.json().path("code").asString()).isEqualTo("forbidden");
    assertThat(one.http().get("/sdk/v1/config", "X-API-Key", client).status()).isEqualTo(403);
  }

  @Test
  void streamsThatGoAwayLeaveNothingBehind() {
    var streams = new ArrayList<SseClient>();
    var before = openStreams(one);
    for (int i = 0; i < 20; i++) {
      streams.add(one.stream(key));
    }
    streams.forEach(stream -> await(stream, "put"));
    assertThat(openStreams(one)).isEqualTo(before + 20);

    streams.forEach(SseClient::close);

    waitUntil(() -> openStreams(one) <= before);
  }

  @Test
  void pollingKnowsWhatTheClientHas() {
    admin.createFlag(project, "checkout");
    admin.createFlag(project, "banner");
    admin.createFlag(project, "search");
    waitUntil(() -> flags(one) == 3 && flags(other) == 3);
    var first = one.http().get("/sdk/v1/config", "X-API-Key", key);
    var tag = first.header("ETag");

    assertThat(first.status()).isEqualTo(200);
    assertThat(tag).matches("\"[0-9a-f]{8}\\.[0-9]+\"");
    assertThat(first.header("Cache-Control")).isEqualTo("private, no-cache");
    var same = other.http().get("/sdk/v1/config", "X-API-Key", key, "If-None-Match", tag);
    assertThat(same.status()).isEqualTo(304);
    assertThat(same.body()).isEmpty();

    admin.serve(project, "checkout", "production", "on");
    var cursor = tag.substring(1, tag.length() - 1);
    var patch = one.http().get("/sdk/v1/config?wait=PT10S&since=" + cursor, "X-API-Key", key);
    assertThat(patch.json().path("flags").propertyNames()).containsExactly("checkout");
    assertThat(one.http().get("/sdk/v1/config", "X-API-Key", key, "If-None-Match", tag).status())
        .isEqualTo(200);
  }

  private int flags(Node node) {
    return node.http().get("/sdk/v1/config", "X-API-Key", key).json().path("flags").size();
  }

  @Test
  void aLongPollHearsOfAChangeOnAnotherNode() throws Exception {
    admin.createFlag(project, "checkout");
    var tag = one.http().get("/sdk/v1/config", "X-API-Key", key).header("ETag");
    var path = "/sdk/v1/config?wait=PT20S&since=" + tag.substring(1, tag.length() - 1);
    var poll = CompletableFuture.supplyAsync(() -> one.http().get(path, "X-API-Key", key));
    Thread.sleep(300);
    assertThat(poll).isNotDone();

    admin.serve(project, "checkout", "production", "on");

    var answer = poll.get(SOON.toSeconds(), java.util.concurrent.TimeUnit.SECONDS);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().path("flags").path("checkout").path("enabled").asBoolean()).isTrue();
    var again = answer.header("ETag");
    var vain =
        one.http()
            .get(
                "/sdk/v1/config?wait=PT0.2S&since=" + again.substring(1, again.length() - 1),
                "X-API-Key",
                key);
    assertThat(vain.status()).isEqualTo(304);
  }

  @Test
  void bodiesComeCompressed() throws IOException, InterruptedException {
    for (int i = 0; i < 5; i++) {
      admin.createFlag(project, "flag-" + i);
    }
    var plain = one.http().get("/sdk/v1/config", "X-API-Key", key).body();

    var answer =
        one.client()
            .send(
                HttpRequest.newBuilder(URI.create(one.url() + "/sdk/v1/config"))
                    .header("X-API-Key", key)
                    .header("Accept-Encoding", "gzip")
                    .build(),
                HttpResponse.BodyHandlers.ofInputStream());

    assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
    assertThat(new GZIPInputStream(answer.body()).readAllBytes())
        .isEqualTo(plain.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void aNodeThatStopsSaysGoodbyeOneAfterTheOtherAndThenIsGone() {
    var server =
        Server.on(
            plain.postgres(),
            plain.clickHouse(),
            transport.settings(Map.of("STITCHD_DRAIN", "PT2S")));
    var third = new Node(server, transport);
    var streams = new ArrayList<SseClient>();
    for (int i = 0; i < 10; i++) {
      streams.add(third.stream(key));
    }
    streams.forEach(stream -> await(stream, "put"));
    long start = System.nanoTime();

    var stopping = CompletableFuture.runAsync(server::stop);
    waitUntil(() -> streams.stream().anyMatch(SseClient::ended));
    assertThat(streams).anyMatch(stream -> !stream.ended());
    try (var refused = third.stream(key)) {
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After").orElse("")).matches("[1-5]");
    }
    stopping.join();

    var took = Duration.ofNanos(System.nanoTime() - start);
    assertThat(took).isLessThan(Patience.withinSeconds(15));
    for (var stream : streams) {
      assertThat(reason(stream)).isEqualTo("draining");
    }
  }

  private static SseClient.Event await(SseClient stream, String event) {
    return stream.await(e -> e.name().equals(event), SOON);
  }

  /// Of a goodbye that must come within two seconds.
  private static String promptReason(SseClient stream) {
    return stream
        .await(e -> e.name().equals("goodbye"), Patience.withinSeconds(2))
        .json()
        .path("reason")
        .asString();
  }

  private static String reason(SseClient stream) {
    return stream.await(e -> e.name().equals("goodbye"), SOON).json().path("reason").asString();
  }

  private void delete(String path) {
    var answer = admin.send("DELETE", path, "", "If-Match", "*");
    assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
  }

  private JsonNode config(Node node) {
    return node.http().get("/sdk/v1/config", "X-API-Key", key).json();
  }

  private static JsonNode applied(JsonNode state, JsonNode patch) {
    var after = (tools.jackson.databind.node.ObjectNode) state.deepCopy();
    after.set("revision", patch.path("revision"));
    for (var map : new String[] {"flags", "segments"}) {
      var items = (tools.jackson.databind.node.ObjectNode) after.path(map);
      patch
          .path(map)
          .properties()
          .forEach(item -> {
            if (item.getValue().isNull()) {
              items.remove(item.getKey());
            } else {
              items.set(item.getKey(), item.getValue());
            }
          });
    }
    return after;
  }

  private static void killListeners() throws SQLException {
    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stitchd-listener' AND datname = current_database()");
  }

  private static void sql(String sql) throws SQLException {
    var url = URI.create(plain.postgres());
    var user = url.getUserInfo().split(":", 2);
    try (var connection =
            DriverManager.getConnection(
                "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(),
                user[0],
                user.length > 1 ? user[1] : "");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static double openStreams(Node node) {
    return node.bean(MeterRegistry.class).get("stitchd.streams").gauge().value();
  }

  private static void waitUntil(java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
