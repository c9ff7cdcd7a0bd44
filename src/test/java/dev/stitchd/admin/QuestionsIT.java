package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Every question as somebody asks it: over HTTP, about events that an SDK sent.
class QuestionsIT {

  private static final String STATS = "/projects/shop/environments/production/stats";
  private static final String EXPORT = "/projects/shop/environments/production/events/export";

  private static Server server;
  private static Admin admin;
  private static Http sdk;
  private static String key;
  private static Instant now;

  @BeforeAll
  static void serverWithEvents() {
    server = Server.start();
    admin = server.admin();
    sdk = server.http();
    admin.createProject("shop");
    admin.createEnvironment("shop", "production");
    for (var flag : List.of("checkout", "search", "banner", "fresh")) {
      admin.createFlag("shop", flag);
    }
    key = admin.createSdkKey("shop", "production", "server");
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                "UPDATE feature_flags SET created_at = now() - interval '60 days' WHERE key <> 'fresh'");
    now = Instant.now();
    var events = new ArrayList<String>();
    for (var user : List.of("u1", "u2", "u3")) {
      events.add(evaluation(Duration.ofHours(2), "checkout", "on", user));
    }
    events.add(evaluation(Duration.ofHours(1), "checkout", "off", "u1"));
    events.add(evaluation(Duration.ofHours(3), "search", "on", "u1"));
    events.add(evaluation(Duration.ofDays(3), "banner", "on", "u1"));
    send(events);
    send(events); // again, with the same ids
    awaitStored();
  }

  /// An acknowledged event may still be in the spool, for example until ClickHouse has its schema.
  private static void awaitStored() {
    var deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (waiting() > 0) {
      assertThat(System.nanoTime()).as("events wait").isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private static long waiting() {
    var account = admin.get("/projects/shop/environments/production/events/account");
    return account.path("spooled").asLong() + account.path("inFlight").asLong();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static String evaluation(Duration ago, String flag, String variant, String user) {
    return """
    {"type":"evaluation","id":"%s","at":"%s","flag":"%s","variant":"%s","reason":"SPLIT","context":{"targetingKey":"%s","plan":"pro","country":"%s"}}\
    """
        .formatted(
            UUID.randomUUID(),
            now.minus(ago),
            flag,
            variant,
            user,
            user.equals("u1") ? "DE" : "FR");
  }

  private static void send(List<String> events) {
    send(key, events);
  }

  private static void send(String key, List<String> events) {
    var answer =
        sdk.post(
            "/sdk/v1/events",
            "[" + String.join(",", events) + "]",
            "Authorization",
            "Bearer " + key);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
  }

  private static JsonNode ask(String path) {
    return admin.get(path);
  }

  @Test
  void howManyUsersSawVariantALastWeek() {
    var answer = ask(STATS + "/exposures?flag=checkout");
    assertThat(answer.path("users").asLong()).isEqualTo(3);
    assertThat(answer.path("evaluations").asLong()).isEqualTo(4);
    assertThat(answer.path("items").toString())
        .isEqualTo(
            "[{\"variant\":\"off\",\"users\":1,\"evaluations\":1},{\"variant\":\"on\",\"users\":3,\"evaluations\":3}]");
  }

  /// All that is asked about the flag, in short.
  private static String told(String stats, String flag) {
    var counts = new ArrayList<String>();
    for (var only : List.of("?flag=" + flag, "")) {
      for (var item : ask(stats + "/evaluations" + only).path("items")) {
        if (item.path("flag").asString().equals(flag)) {
          counts.add(item.path("variant").asString() + " " + item.path("count").asLong());
        }
      }
    }
    var exposures = ask(stats + "/exposures?flag=" + flag);
    return counts + ", " + exposures.path("users") + " users, " + exposures.path("items").size();
  }

  @Test
  void recreatedFlagHasStatisticsOfItsOwn() {
    admin.createEnvironment("shop", "apart");
    var apart = admin.createSdkKey("shop", "apart", "server");
    var stats = STATS.replace("production", "apart");
    assertThat(told(stats, "phoenix")).as("a key that does not exist").isEqualTo("[], 0 users, 0");
    admin.createFlag("shop", "phoenix");
    var before = evaluation(Duration.ofMinutes(1), "phoenix", "on", "u7");
    send(apart, List.of(before, evaluation(Duration.ofMinutes(2), "phoenix", "off", "u8")));
    assertThat(told(stats, "phoenix")).isEqualTo("[off 1, on 1, off 1, on 1], 2 users, 2");
    assertThat(ask(stats + "/contexts/user/u7/evaluations").path("items")).hasSize(1);

    var deleted = admin.send("DELETE", "/projects/shop/flags/phoenix", "", "If-Match", "\"1\"");
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(204);
    assertThat(told(stats, "phoenix")).isEqualTo("[], 0 users, 0");
    admin.createFlag("shop", "phoenix");
    assertThat(told(stats, "phoenix")).isEqualTo("[], 0 users, 0");
    assertThat(ask(stats + "/contexts/user/u7/evaluations").path("items")).isEmpty();

    send(apart, List.of(before)); // it was the predecessor's, and still is
    send(apart, List.of(evaluation(Duration.ofMinutes(3), "phoenix", "on", "u9")));
    assertThat(told(stats, "phoenix")).isEqualTo("[on 1, on 1], 1 users, 1");
  }

  @Test
  void whichFlagsAreStale() {
    var items = ask(STATS + "/stale-flags?days=1").path("items");
    assertThat(items).hasSize(2);
    assertThat(items.get(0).path("flag").asString()).isEqualTo("banner");
    assertThat(items.get(0).path("reason").asString()).isEqualTo("not-evaluated");
    assertThat(Instant.parse(items.get(0).path("lastEvaluatedAt").asString()))
        .isBetween(now.minus(Duration.ofDays(3)).minusMillis(1), now.minus(Duration.ofDays(3)));
    assertThat(items.get(1).path("flag").asString()).isEqualTo("search");
    assertThat(items.get(1).path("reason").asString()).isEqualTo("one-variant");
    assertThat(items.get(1).path("variant").asString()).isEqualTo("on");
    assertThat(ask(STATS + "/stale-flags?days=30").path("items"))
        .extracting(item -> item.path("reason").asString())
        .containsExactly("one-variant", "one-variant");
    assertThat(ask(STATS + "/stale-flags?days=90").path("items")).isEmpty();
  }

  @Test
  void whatContextsLookLike() {
    var contexts = ask(STATS + "/contexts?prefix=u").path("items");
    assertThat(contexts).hasSize(1);
    assertThat(contexts.get(0).path("contextType").asString()).isEqualTo("user");
    assertThat(contexts.get(0).path("samples").toString()).isEqualTo("[\"u1\",\"u2\",\"u3\"]");
    var attributes = ask(STATS + "/attributes?contextType=user").path("items");
    assertThat(attributes)
        .extracting(item -> item.path("attribute").asString())
        .contains("country", "plan");
    var countries = ask(STATS + "/attributes?attribute=country&prefix=D").path("items");
    assertThat(countries.get(0).path("samples").toString()).isEqualTo("[\"DE\"]");
    assertThat(ask(STATS + "/attributes?prefix=nothing").path("items")).isEmpty();
  }

  @Test
  void whatOneContextWasGiven() {
    var all = ask(STATS + "/contexts/user/u1/evaluations").path("items");
    assertThat(all)
        .extracting(item -> item.path("flag").asString() + "=" + item.path("variant").asString())
        .containsExactly("checkout=off", "checkout=on", "search=on", "banner=on");
    assertThat(ask(STATS + "/contexts/user/u1/evaluations?limit=1").path("items")).hasSize(1);
    assertThat(ask(STATS + "/contexts/user/a%2Fb%27/evaluations").path("items")).isEmpty();
  }

  @Test
  void eventsAsFiles() {
    var ndjson = admin.send("GET", EXPORT + "?from=" + now.minus(Duration.ofDays(5)), "");
    assertThat(ndjson.status()).isEqualTo(200);
    assertThat(ndjson.header("Content-Type")).isEqualTo("application/x-ndjson");
    assertThat(ndjson.header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"evaluation.ndjson\"");
    assertThat(ndjson.body().lines()).hasSize(6);
    var csv = admin.send("GET", EXPORT + "?format=csv&type=track", "");
    assertThat(csv.header("Content-Type")).isEqualTo("text/csv;charset=utf-8");
    assertThat(csv.body().lines()).hasSize(1);
  }

  @Test
  void whoAsksForTheHeadOfAFileAloneHasNothingExported() {
    var ended = server.bean(MeterRegistry.class).get("stitchd.exports.ended").counter();
    double before = ended.count();
    var head = admin.send("HEAD", EXPORT, "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Type")).isEqualTo("application/x-ndjson");
    assertThat(head.header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"evaluation.ndjson\"");
    assertThat(ended.count()).isEqualTo(before);
    assertThat(admin.send("HEAD", EXPORT + "?format=xml", "").status()).isEqualTo(400);
  }

  @Test
  void everyMistakeOfAQuestionIsTold() {
    var softly = new SoftAssertions();
    Map.of(
            STATS + "/exposures?from=yesterday&to=1812-01-01T00:00:00Z",
            List.of("flag", "to", "from"),
            STATS + "/exposures?flag=a&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            List.of("from"),
            STATS + "/stale-flags?days=0",
            List.of("days"),
            STATS + "/stale-flags?days=99999999999",
            List.of("days"),
            STATS + "/contexts?limit=201&from=x",
            List.of("from", "limit"),
            STATS + "/attributes?limit=-1",
            List.of("limit"),
            STATS + "/contexts/user/u1/evaluations?limit=many&to=x",
            List.of("to", "limit"),
            EXPORT + "?type=bulk&format=xml&from=x",
            List.of("type", "format", "from"),
            STATS + "/evaluations?interval=PT0S&from=x",
            List.of("from", "interval"))
        .forEach((path, wrong) -> {
          var answer = admin.send("GET", path, "");
          softly.assertThat(answer.status()).as(path).isEqualTo(400);
          softly
              .assertThat(answer.json().path("errors"))
              .as(path + answer.body())
              .extracting(error -> error.path("path").asString())
              .containsExactlyElementsOf(wrong);
        });
    for (var path :
        List.of("/exposures?flag=%00", "/contexts?prefix=%00", "/attributes?prefix=%00")) {
      softly.assertThat(admin.send("GET", STATS + path, "").status()).as(path).isEqualTo(400);
    }
    softly
        .assertThat(admin.send("GET", STATS + "/contexts/user/%00/evaluations", "").status())
        .isEqualTo(404);
    softly.assertAll();
  }

  @Test
  void anotherTenantsEventsAreNowhere() {
    var created = admin.send("POST", "/tenants", "{\"key\":\"other\",\"name\":\"Other\"}");
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    var softly = new SoftAssertions();
    for (var path :
        List.of(
            STATS + "/evaluations",
            STATS + "/exposures?flag=checkout",
            STATS + "/stale-flags",
            STATS + "/contexts",
            STATS + "/attributes",
            STATS + "/contexts/user/u1/evaluations",
            EXPORT,
            "/projects/shop/environments/production/events/account",
            "/projects/shop/environments/production/events/live")) {
      softly
          .assertThat(admin.send("GET", path, "", "Stitchd-Tenant", "other").status())
          .as(path)
          .isEqualTo(404);
      softly.assertThat(sdk.get("/api/v1" + path).status()).as(path).isEqualTo(401);
    }
    softly.assertAll();
  }

  @Test
  void exportBreaksWhenClickHouseDoesAndIsRefusedWhileItIsOut() throws IOException {
    try (var own = OwnClickHouse.started();
        var there =
            Server.on(Stores.shared().freshPostgres().url(), own.freshDatabase().url(), Map.of())) {
      var management = there.admin();
      management.createProject("shop");
      var environment = management.createEnvironment("shop", "production").path("id").asString();
      awaitUp(there);
      StoreUrl.of(there.clickHouse())
          .query(
              "INSERT INTO evaluation_events (environment_id, flag, variant, context_type, context_key, at, id, source, received_at) SELECT '%s', 'checkout', 'on', 'user', toString(number), now64(3) - 60, generateUUIDv4(), 'server_sdk', now64(3) FROM numbers(300000)"
                  .formatted(environment));
      try (var client = new Socket("127.0.0.1", URI.create(there.url()).getPort())) {
        client.setSoTimeout(30_000);
        client
            .getOutputStream()
            .write(
                "GET /api/v1%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
                    .formatted(EXPORT, Server.TOKEN)
                    .getBytes(StandardCharsets.US_ASCII));
        var first = new String(client.getInputStream().readNBytes(4_096), StandardCharsets.UTF_8);
        assertThat(first).startsWith("HTTP/1.1 200 OK");
        own.kill();
        assertThat(rest(client)).doesNotEndWith("\r\n0\r\n\r\n");
      }
      var refused = management.send("GET", EXPORT, "");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
      assertThat(refused.header("Retry-After")).isNotEmpty();
      assertThat(refused.header("Content-Disposition")).isEmpty();
    }
  }

  private static void awaitUp(Server there) {
    var health = there.bean(WarehouseHealth.class);
    for (int i = 0; i < 1_000 && !health.isUp(); i++) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    assertThat(health.isUp()).as(health.detail()).isTrue();
  }

  /// Until the connection ends, however it does.
  private static String rest(Socket client) {
    var tail = new StringBuilder();
    var buffer = new byte[65_536];
    try {
      for (int n = 0; n >= 0; n = client.getInputStream().read(buffer)) {
        tail.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
        tail.delete(0, Math.max(0, tail.length() - 100));
      }
    } catch (IOException e) {
      return "broken: " + e;
    }
    return tail.toString();
  }
}
