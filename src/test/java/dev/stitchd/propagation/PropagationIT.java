package dev.stitchd.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// Receipts and their summaries on two whole servers that share one PostgreSQL.
@Timeout(180)
class PropagationIT {

  private static final Duration SOON = Patience.SOON;
  private static final Map<String, String> SETTINGS =
      Map.of("STITCHD_PROPAGATION_STALE", "PT4S", "STITCHD_PROPAGATION_WRITE_EVERY", "PT0.3S");

  private static Server one;
  private static Server other;
  private static Admin admin;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private String key;

  @BeforeAll
  static void start() {
    one = Server.start(SETTINGS);
    other = Server.on(one.postgres(), one.clickHouse(), SETTINGS);
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
    admin.createFlag(project, "checkout");
    key = admin.createSdkKey(project, "production", "server");
  }

  @Test
  void streamsOfAllNodesAreCountedAndTheirDelaysMeasured() {
    var streams = new ArrayList<SseClient>();
    for (int i = 0; i < 6; i++) {
      streams.add((i % 2 == 0 ? one : other).stream(key));
    }
    streams.forEach(stream -> heard(stream, "put"));
    admin.serve(project, "checkout", "production", "on");
    streams.forEach(stream -> heard(stream, "patch"));

    var report =
        report(
            r -> r.at("/streams/sent").asInt() == 6 && r.at("/streams/delays/count").asInt() == 6);

    assertThat(report.path("nodes").asInt()).isEqualTo(2);
    assertThat(report.at("/streams/connected").asInt()).isEqualTo(6);
    assertThat(report.path("revision")).isEqualTo(report.path("current"));
    assertThat(report.path("committedAt").asString()).matches("20.*T.*\\.[0-9]{3}Z");
    long p50 = report.at("/streams/delays/p50Ms").asLong();
    long max = report.at("/streams/delays/maxMs").asLong();
    assertThat(p50).isBetween(0L, max);
    assertThat(report.at("/streams/delays/p99Ms").asLong()).isBetween(p50, max);
    assertThat(max).isLessThan(10_000);

    streams.subList(0, 3).forEach(SseClient::close);
    report(r -> r.at("/streams/connected").asInt() == 3);
    streams.forEach(SseClient::close);
  }

  @Test
  void receiptsSayWhoAppliedARevisionAndWhoLags() {
    var cursor = cursor();
    assertThat(receipt(one, "web-1", cursor).status()).isEqualTo(204);
    assertThat(receipt(other, "web-2", cursor).status()).isEqualTo(204);
    admin.serve(project, "checkout", "production", "on");
    await().atMost(SOON).until(() -> !cursor().equals(cursor));
    var newer = cursor();
    assertThat(receipt(other, "web-1", newer).status())
        .isEqualTo(204); // on another node than before
    header(one, "GET", "/sdk/v1/config", "web-3", "If-None-Match", "\"" + newer + "\"");
    header(other, "POST", "/sdk/v1/events", "web-4; cursor=" + newer);
    header(other, "GET", "/sdk/v1/config", "web-5");
    try (var stream = other.stream(key, "Stitchd-Instance", "web-6", "Last-Event-ID", cursor)) {
      heard(stream, "put"); // smaller than a patch here

      var report =
          report(r ->
              r.at("/instances/applied").asInt() == 3 && r.at("/instances/known").asInt() == 6);

      assertThat(report.at("/instances/delays/count").asInt()).isEqualTo(3);
      assertThat(report.at("/instances/complete").asBoolean()).isTrue();
      assertThat(report.at("/instances/laggingCount").asInt()).isEqualTo(3);
      assertThat(lagging(report)).containsExactly("web-5", "web-2", "web-6");
      assertThat(report.at("/instances/lagging/0/revision").isNull()).isTrue();
      assertThat(cursor).endsWith("." + report.at("/instances/lagging/1/revision").asLong());
      // sent is not applied: the stream of web-6 has it, the instance has not said so
      assertThat(report.at("/streams/sent").asInt()).isEqualTo(1);

      var earlier = cursor.substring(cursor.indexOf('.') + 1);
      var before = propagation("?revision=" + earlier).json();
      assertThat(before.at("/instances/applied").asInt()).isEqualTo(5);
      assertThat(lagging(before)).containsExactly("web-5");
    }
  }

  @Test
  void aNodeThatIsGoneIsNotCountedAfterAWhile() {
    var third = Server.on(one.postgres(), one.clickHouse(), SETTINGS);
    try (var stream = third.stream(key);
        var stays = one.stream(key)) {
      heard(stream, "put");
      heard(stays, "put");
      report(r -> r.path("nodes").asInt() == 2);
      third.stop();
      var left = report(r -> r.path("nodes").asInt() == 1);
      assertThat(left.at("/streams/connected").asInt()).isEqualTo(1);
    }
  }

  @Test
  void everythingWrongWithAReceiptIsSaidAtOnce() {
    var both = receipt(one, "a b", "1.2");
    assertThat(both.status()).isEqualTo(422);
    assertThat(both.json().path("errors")).hasSize(2);
    var unknown =
        one.http().post("/sdk/v1/receipts", "{\"instance\":\"a\",\"x\":1}", "X-API-Key", key);
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.json().path("errors")).hasSize(2);
    var otherHistory = receipt(one, "web-1", "00000000.1");
    assertThat(otherHistory.status()).isEqualTo(422);
    assertThat(otherHistory.json().at("/errors/0/path").asString()).isEqualTo("cursor");
    var client = admin.createSdkKey(project, "production", "client");
    assertThat(
            one.http()
                .post(
                    "/sdk/v1/receipts",
                    "{\"instance\":\"a\",\"cursor\":\"" + cursor() + "\"}",
                    "X-API-Key",
                    client)
                .status())
        .isEqualTo(403);
    assertThat(one.http().post("/sdk/v1/receipts", "{}").status()).isEqualTo(401);
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    assertThat(propagation("?revision=x").status()).isEqualTo(400);
    assertThat(propagation("?revision=999").status()).isEqualTo(404);
    assertThat(
            admin
                .send("GET", "/projects/" + project + "/environments/none/propagation", "")
                .status())
        .isEqualTo(404);
    admin.send("POST", "/tenants", "{\"key\":\"stranger\",\"name\":\"Stranger\"}");
    assertThat(
            admin
                .send(
                    "GET",
                    "/projects/" + project + "/environments/production/propagation",
                    "",
                    "Stitchd-Tenant",
                    "stranger")
                .status())
        .isEqualTo(404);
    assertThat(propagation("?revision=0").json().path("committedAt").isNull()).isTrue();
  }

  private JsonNode report(java.util.function.Predicate<JsonNode> fits) {
    var last = new JsonNode[1];
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          last[0] = propagation("").json();
          assertThat(fits.test(last[0])).as(last[0].toString()).isTrue();
        });
    return last[0];
  }

  private Http.Answer propagation(String query) {
    return admin.send(
        "GET", "/projects/" + project + "/environments/production/propagation" + query, "");
  }

  private static List<String> lagging(JsonNode report) {
    var names = new ArrayList<String>();
    report.at("/instances/lagging").forEach(one -> names.add(one.path("instance").asString()));
    return names;
  }

  private String cursor() {
    var etag = one.http().get("/sdk/v1/config", "X-API-Key", key).header("ETag");
    return etag.substring(1, etag.length() - 1);
  }

  private Http.Answer receipt(Server server, String instance, String cursor) {
    return server
        .http()
        .post(
            "/sdk/v1/receipts",
            "{\"instance\":\"" + instance + "\",\"cursor\":\"" + cursor + "\"}",
            "X-API-Key",
            key);
  }

  private void header(Server server, String method, String path, String instance, String... more) {
    var headers = new ArrayList<>(List.of("X-API-Key", key, "Stitchd-Instance", instance));
    headers.addAll(List.of(more));
    var answer =
        server
            .http()
            .send(method, path, method.equals("POST") ? "[]" : "", headers.toArray(String[]::new));
    assertThat(answer.status()).as(answer.body()).isLessThan(400);
  }

  private static SseClient.Event heard(SseClient stream, String event) {
    return stream.await(e -> e.name().equals(event), SOON);
  }
}
