package dev.stitchd.erasure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.LateEvents;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// One person's data, and everything of a deleted environment, goes from ClickHouse, whatever is
/// still on its way there.
@LongRunning
class ErasureIT {

  private static final Duration SOON = Duration.ofSeconds(40);
  private static final String OUT = "Erasures: events that are to be erased stay";
  private static final String BACK = "Erasures: events are erased again";

  private static String storeUrl;
  private static StoreUrl clickHouse;
  private static StoreProxy proxy;
  private static Server server;

  @BeforeAll
  static void start() {
    storeUrl = Stores.shared().freshClickHouse().url();
    clickHouse = StoreUrl.of(storeUrl);
    proxy = StoreProxy.to(storeUrl);
    server =
        Server.start(
            new HashMap<>(
                Map.of(
                    "STITCHD_CLICKHOUSE_URL", proxy.url(),
                    "STITCHD_ERASURES_CHECK", "PT0.1S",
                    "STITCHD_ERASURES_SETTLE", "PT0.5S",
                    "STITCHD_ERASURES_OVERDUE", "PT3S",
                    "STITCHD_EVENTS_LATE", "PT0.1S",
                    "STITCHD_ERASURES_RETRY_MAX", "PT1S",
                    "STITCHD_REMOVAL_STATEMENT", "PT10S",
                    "STITCHD_CLICKHOUSE_INSERT_TIMEOUT", "PT5S")));
    awaitClickHouse();
  }

  @AfterAll
  static void stop() {
    server.stop();
    proxy.close();
  }

  @Test
  void onePersonsDataIsErasedAndNobodyElses() {
    var key = project("web");
    var environment = environment("web");
    send(key, "ann/1", "bob");
    assertThat(rows(environment)).isEqualTo(4);

    var asked =
        server
            .admin()
            .send("DELETE", "/projects/web/environments/production/contexts/user/ann%2F1", "");
    assertThat(asked.status()).as(asked.body()).isEqualTo(202);
    var id = asked.json().path("id").asString();
    assertThat(asked.json()).hasToString("{\"id\":\"%s\",\"state\":\"queued\"}".formatted(id));
    assertThat(asked.header("Location")).isEqualTo("/api/v1/erasures/" + id);

    var done = done(id);
    assertThat(rowsOf(environment, "ann/1")).isZero();
    assertThat(rowsOf(environment, "bob")).isEqualTo(2);
    assertThat(done.path("contextType").asString()).isEqualTo("user");
    assertThat(done.path("contextKey").asString()).isEqualTo("ann/1");
    assertThat(done.path("rowsDeleted").asLong()).isEqualTo(2);
    assertThat(done.path("progress").path("done").asInt())
        .isEqualTo(done.path("progress").path("tables").asInt());
    assertThat(done.path("startedAt").asString()).endsWith("Z");
    assertThat(done.path("finishedAt").asString()).endsWith("Z");
    assertThat(
            StoreUrl.of(server.postgres())
                .query(
                    "SELECT resource, environment, changes->1->>'after' FROM audit_logs WHERE action = 'context.erase' AND project = 'web'"))
        .as("who it was is not kept there")
        .containsExactly("/erasures/" + id + "\tproduction\tuser");

    send(key, "ann/1");
    assertThat(rowsOf(environment, "ann/1")).as("what comes later is new").isEqualTo(2);
  }

  /// The rollup job looks back 17 days after its first look, which was when the server started.
  @Test
  void theRollupsOfAnHourLongAgoAreMadeAgain() {
    project("old");
    var environment = environment("old");
    evaluated(environment, "toStartOfHour(now()) - INTERVAL 30 DAY", "ann");
    evaluated(environment, "toStartOfHour(now()) - INTERVAL 30 DAY", "bob");
    var id =
        server
            .admin()
            .send("DELETE", "/projects/old/environments/production/contexts/user/ann", "")
            .json()
            .path("id")
            .asString();
    done(id);
    assertThat(
            clickHouse.query(
                "SELECT rows, units = [[sipHash64('user', 'bob')]] FROM evaluation_rollups WHERE environment_id = '%s'"
                    .formatted(environment)))
        .containsExactly("1\t1");
  }

  @Test
  void erasuresAreListedTheNewestFirstAndToTheirTenantAlone() {
    project("listed");
    var path = "/projects/listed/environments/production/contexts/user/";
    var first = server.admin().send("DELETE", path + "a", "").json().path("id").asString();
    var second = server.admin().send("DELETE", path + "b", "").json().path("id").asString();
    var page = server.admin().get("/erasures?limit=1");
    assertThat(page.path("items").findValuesAsString("id")).containsExactly(second);
    var next = server.admin().get("/erasures?limit=1&cursor=" + page.path("nextCursor").asString());
    assertThat(next.path("items").findValuesAsString("id")).containsExactly(first);

    server.admin().create("/tenants", "{\"key\":\"other\",\"name\":\"Other\"}");
    for (var hidden : List.of("/erasures/" + first, "/erasures/nobody")) {
      assertThat(server.admin().send("GET", hidden, "", "Stitchd-Tenant", "other").status())
          .isEqualTo(404);
    }
    assertThat(server.admin().send("GET", "/erasures", "", "Stitchd-Tenant", "other").json())
        .hasToString("{\"items\":[]}");
    var theirs = server.admin().send("DELETE", path + "a", "", "Stitchd-Tenant", "other");
    assertThat(theirs.status()).isEqualTo(404);
    assertThat(server.admin().send("DELETE", path + "k".repeat(513), "").status()).isEqualTo(400);
    assertThat(
            server
                .admin()
                .send("DELETE", "/projects/listed/environments/none/contexts/user/a", "")
                .status())
        .isEqualTo(404);
  }

  /// What ClickHouse does not take waits on the node's disk, and comes when the erasure is done.
  @Test
  void whatWasOnANodesDiskIsErasedWhenItComes() {
    var key = project("late");
    var environment = environment("late");
    send(key, "ann");
    try (var log = LogLines.open()) { // nobody else has something to erase while ClickHouse is out
      proxy.leadTo("http://default@127.0.0.1:1/nowhere");
      proxy.reset();
      send(key, "ann", "bob");
      var person =
          server
              .admin()
              .send("DELETE", "/projects/late/environments/production/contexts/user/ann", "")
              .json()
              .path("id")
              .asString();
      await()
          .atMost(SOON)
          .until(() -> erasure(person).path("state").asString().equals("failed-and-retrying"));
      proxy.leadTo(storeUrl);
      awaitClickHouse();
      await().atMost(SOON).until(() -> rowsOf(environment, "bob") == 2);
      await().atMost(SOON).until(() -> rowsOf(environment, "ann") == 0);
      done(person);
      assertThat(rowsOf(environment, "ann")).isZero();
      assertThat(rowsOf(environment, "bob")).isEqualTo(2);
      await().atMost(SOON).until(() -> log.with(BACK) > 0);
      assertThat(log.with(OUT)).isPositive();
    }
  }

  @Test
  void aDeletedEnvironmentHasNoRowAndGetsNoneFromANodesDisk() {
    var key = project("gone");
    var environment = environment("gone");
    send(key, "ann", "bob");
    proxy.leadTo("http://default@127.0.0.1:1/nowhere");
    proxy.reset();
    send(key, "ann", "bob");
    var id =
        server
            .admin()
            .send("DELETE", "/projects/gone/environments/production", "", "If-Match", "*")
            .json()
            .path("id")
            .asString();
    await()
        .atMost(SOON)
        .until(() ->
            deletion(id).path("events").path("state").asString().equals("failed-and-retrying"));
    assertThat(deletion(id).path("state").asString()).isEqualTo("running");

    proxy.leadTo(storeUrl);
    await().atMost(SOON).until(() -> deletion(id).path("state").asString().equals("done"));
    await()
        .atMost(SOON)
        .until(() ->
            server
                .http()
                .get("/metrics", "Authorization", "Bearer " + Server.TOKEN)
                .body()
                .contains("stitchd_spool_files 0.0"));
    await()
        .atMost(SOON)
        .until(() -> deletion(id).path("events").path("state").asString().equals("done"));
    assertThat(rows(environment)).isZero();
    assertThat(deletion(id).path("events").path("rowsDeleted").asLong()).isPositive();
  }

  @Test
  void whatComesLateBeginsAgainWhatHasBegunAndKeepsThePauseOfWhatFailed() {
    project("begun");
    var environment = environment("begun");
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                INSERT INTO erasures (tenant_id, project, environment, environment_id, context_type, context_key, state, due_at, finished_at)
                SELECT tenant_id, 'begun', 'production', id, 'user', s, s, now() + interval '1 day', CASE s WHEN 'done' THEN now() END
                  FROM environments, unnest('{queued,failed-and-retrying,running,done}'::text[]) s WHERE id = '%s'
                """
                    .formatted(environment));
    server
        .bean(LateEvents.class)
        .stored(
            Set.of(new EnvironmentId(UUID.fromString(environment))),
            Clock.systemUTC().instant().minusSeconds(60))
        .block();
    assertThat(
            StoreUrl.of(server.postgres())
                .query(
                    "SELECT context_key, again, due_at > now() FROM erasures WHERE environment_id = '%s' ORDER BY number"
                        .formatted(environment)))
        .containsExactly(
            "queued\t0\tt", "failed-and-retrying\t1\tt", "running\t1\tf", "done\t1\tf");
  }

  /// By another node, which received it soon after the deletion and stored it late, or not so late.
  @Test
  void aDeletedEnvironmentLosesWhatIsReceivedAfterItToo() {
    project("left");
    var environment = environment("left");
    var id =
        server
            .admin()
            .send("DELETE", "/projects/left/environments/production", "", "If-Match", "*")
            .json()
            .path("id")
            .asString();
    await()
        .atMost(SOON)
        .until(() -> deletion(id).path("events").path("state").asString().equals("done"));
    var postgres = StoreUrl.of(server.postgres());

    evaluated(environment, "now64(3)", "ann");
    assertThat(
            postgres.query(
                "SELECT count(*) FROM set_config('stitchd.platform', 'on', false) AS platform, LATERAL stitchd_erasures_concerned(ARRAY['%s']::uuid[], CASE WHEN platform = 'on' THEN now() + interval '1 hour' END)"
                    .formatted(environment)))
        .as("whenever it was received")
        .containsExactly("1");
    var _ =
        postgres.query(
            "UPDATE erasures SET due_at = due_at - interval '25 hours' WHERE environment_id = '%s' RETURNING id"
                .formatted(environment));
    await().atMost(SOON).until(() -> rows(environment) == 0);
  }

  /// As long as merges stand still, mutations do.
  @Test
  void anErasureThatIsNotDoneIsToldOfWithWhatHoldsItUp() {
    var key = project("stuck");
    send(key, "ann");
    try (var log = LogLines.open()) {
      var _ = clickHouse.query("SYSTEM STOP MERGES track_events");
      var id =
          server
              .admin()
              .send("DELETE", "/projects/stuck/environments/production/contexts/user/ann", "")
              .json()
              .path("id")
              .asString();
      try {
        await()
            .atMost(SOON)
            .untilAsserted(() ->
                assertThat(log.lines())
                    .anyMatch(line ->
                        line.startsWith("WARN Erasures: ")
                            && line.contains(" are not done, the oldest for PT")
                            && line.contains(" of track_events for ")));
        assertThat(metric("stitchd_erasures_oldest_seconds")).isGreaterThan(3);
        assertThat(metric("stitchd_erasures_open")).isPositive();
      } finally {
        var _ = clickHouse.query("SYSTEM START MERGES track_events");
      }
      done(id);
      await()
          .atMost(SOON)
          .until(() -> log.with("Erasures: none has waited for longer than PT3S any more") > 0);
    }
  }

  private static double metric(String name) {
    return server
        .http()
        .get("/metrics", "Authorization", "Bearer " + Server.TOKEN)
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  private static void awaitClickHouse() {
    await()
        .atMost(SOON)
        .until(() -> server.http().get("/health/ready").json().path("degraded").isEmpty());
  }

  /// A project with an environment; its SDK key.
  private static String project(String project) {
    server.admin().createProject(project);
    server.admin().createEnvironment(project, "production");
    server.admin().createFlag(project, "checkout");
    server
        .admin()
        .create(
            "/projects/%s/environments/production/event-definitions".formatted(project),
            "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    return server.admin().createSdkKey(project, "production", "server");
  }

  /// An evaluation and something done, of each.
  private static void send(String key, String... people) {
    var body = new StringBuilder("[");
    for (var one : people) {
      body.append(body.length() == 1 ? "" : ",")
          .append(
              """
              {"type":"evaluation","id":"%1$s","at":"%2$s","flag":"checkout","variant":"on","reason":"SPLIT","context":{"targetingKey":"%3$s"}},
              {"type":"track","id":"%4$s","at":"%2$s","event":"purchase","context":{"targetingKey":"%3$s"}}\
              """
                  .formatted(
                      UUID.randomUUID(), Clock.systemUTC().instant(), one, UUID.randomUUID()));
    }
    Http.Answer sent =
        server
            .http()
            .send(
                "POST",
                "/sdk/v1/events",
                body.append("]").toString(),
                "Authorization",
                "Bearer " + key,
                "Content-Type",
                "application/json");
    assertThat(sent.json().path("accepted").asInt()).as(sent.body()).isEqualTo(2 * people.length);
  }

  /// What another node stores.
  private static void evaluated(String environment, String at, String key) {
    var _ =
        clickHouse.query(
            "INSERT INTO evaluation_events (environment_id, id, at, received_at, source, flag, variant, reason, context_type, context_key) SELECT '%s', generateUUIDv4(), %s AS t, t, 'server_sdk', 'checkout', 'on', 'SPLIT', 'user', '%s'"
                .formatted(environment, at, key));
  }

  private static JsonNode erasure(String id) {
    return server.admin().get("/erasures/" + id);
  }

  private static JsonNode deletion(String id) {
    return server.admin().get("/deletions/" + id);
  }

  private static JsonNode done(String id) {
    await().atMost(SOON).until(() -> erasure(id).path("state").asString().equals("done"));
    return erasure(id);
  }

  private static String environment(String project) {
    return StoreUrl.of(server.postgres())
        .query(
            "SELECT e.id FROM environments e JOIN projects p ON p.id = e.project_id WHERE p.key = '%s'"
                .formatted(project))
        .getFirst();
  }

  private static long rows(String environment) {
    return rows(environment, "true");
  }

  private static long rowsOf(String environment, String key) {
    return rows(environment, "context_key = '" + key + "'");
  }

  private static long rows(String environment, String condition) {
    long rows = 0;
    for (var kind : List.of(EventKind.EVALUATION, EventKind.TRACK)) {
      rows +=
          Long.parseLong(
              clickHouse
                  .query(
                      "SELECT count() FROM %s WHERE environment_id = '%s' AND %s"
                          .formatted(kind.table(), environment, condition))
                  .getFirst());
    }
    return rows;
  }
}
