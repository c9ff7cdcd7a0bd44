package dev.stitchd.catalog.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Environments and projects with many rows are deleted at once, and their rows go one by one.
@LongRunning
class DeletionIT {

  private static final Duration SOON = Patience.SOON;
  private static final String OUT = "Deletions: rows of deleted projects and environments stay";
  private static final String BACK = "are removed again";
  private static final int LOGGED = 2_500;
  private static final Map<String, String> SETTINGS =
      Map.of(
          "STITCHD_DELETIONS_CHECK", "PT0.1S",
          "STITCHD_DELETIONS_BATCH", "500",
          "STITCHD_DELETIONS_TURN", "PT0.2S",
          "STITCHD_ERASURES_CHECK", "PT0.1S",
          "STITCHD_ERASURES_SETTLE", "PT0.5S",
          "STITCHD_EVENTS_LATE", "PT0.1S",
          "STITCHD_LISTS_REMOVAL_CHECK", "PT0.1S",
          "STITCHD_LISTS_REMOVAL_BATCH", "500");

  private static String postgres;
  private static StoreProxy proxy;
  private static Server server;

  @BeforeAll
  static void start() {
    postgres = Stores.shared().freshPostgres().url();
    proxy = StoreProxy.to(postgres);
    var settings = new HashMap<>(SETTINGS);
    settings.put("STITCHD_POSTGRES_URL", proxy.url());
    server = Server.start(settings);
  }

  @AfterAll
  static void stop() {
    server.stop();
    proxy.close();
  }

  @Test
  void aDeletedEnvironmentIsGoneAtOnceAndItsRowsGoInTheBackground() {
    var key = prepared(server, "web");
    var environment = id("web", "production");
    var held = rowsOf(environment);
    assertThat(held).isGreaterThan(LOGGED + 1_000);

    var deleted = delete(server, "/projects/web/environments/production");
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(202);
    var id = deleted.json().path("id").asString();
    assertThat(deleted.json().toString())
        .isEqualTo("{\"id\":\"%s\",\"state\":\"queued\"}".formatted(id));
    assertThat(deleted.header("Location")).isEqualTo("/api/v1/deletions/" + id);

    assertGone("/projects/web/environments/production");
    assertGone("/projects/web/environments/production/segments");
    assertGone("/projects/web/flags/checkout/environments/production");
    assertThat(config(server, key).status()).isEqualTo(401);
    assertThat(delete(server, "/projects/web/environments/production").status()).isEqualTo(404);
    assertThat(server.admin().get("/projects/web/environments").path("items")).isEmpty();

    server.admin().createEnvironment("web", "production");
    server.admin().createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    var successor = server.admin().createSdkKey("web", "production", "server");

    var done = done(server, id);
    assertThat(done.path("kind").asString()).isEqualTo("environment");
    assertThat(done.path("project").asString()).isEqualTo("web");
    assertThat(done.path("environment").asString()).isEqualTo("production");
    assertThat(done.path("rowsDeleted").asLong()).isGreaterThanOrEqualTo(held);
    assertThat(done.path("createdAt").asString()).endsWith("Z");
    assertThat(done.path("finishedAt").asString()).endsWith("Z");
    assertThat(rowsOf(environment)).isZero();

    assertThat(config(server, successor).status()).isEqualTo(200);
    assertThat(config(server, successor).json().path("flags").has("checkout")).isTrue();
    assertThat(server.admin().get("/projects/web/environments/production/segments/vip/members"))
        .hasToString("{\"items\":[]}");
  }

  @Test
  void aProjectIsDeletedWhileOneOfItsEnvironmentsIs() {
    prepared(server, "shop");
    var environment = id("shop", "production");
    server.admin().createEnvironment("shop", "staging");
    var staging = id("shop", "staging");
    var project = ask("SELECT id FROM projects WHERE key = 'shop'");

    var one = delete(server, "/projects/shop/environments/production");
    var all = delete(server, "/projects/shop");
    assertThat(all.status()).as(all.body()).isEqualTo(202);
    assertGone("/projects/shop");
    assertGone("/projects/shop/flags/checkout");
    server.admin().createProject("shop");
    server.admin().createEnvironment("shop", "production");

    done(server, one.json().path("id").asString());
    var done = done(server, all.json().path("id").asString());
    assertThat(done.path("kind").asString()).isEqualTo("project");
    assertThat(done.path("project").asString()).isEqualTo("shop");
    assertThat(done.has("environment")).isFalse();
    assertThat(rowsOf(environment) + rowsOf(staging)).isZero();
    assertThat(ask("SELECT count(*) FROM projects WHERE id = '%s'".formatted(project)))
        .isEqualTo("0");
    assertThat(ask("SELECT count(*) FROM feature_flags WHERE project_id = '%s'".formatted(project)))
        .isEqualTo("0");
    assertThat(server.admin().get("/projects/shop/environments").path("items")).hasSize(1);
  }

  @Test
  void deletionsAreListedTheNewestFirstAndToTheirTenantAlone() {
    for (var project : List.of("one", "two", "three")) {
      server.admin().createProject(project);
      delete(server, "/projects/" + project);
    }
    var first = server.admin().get("/deletions?limit=2");
    assertThat(first.path("items").findValuesAsString("project")).containsExactly("three", "two");
    var next =
        server.admin().get("/deletions?limit=1&cursor=" + first.path("nextCursor").asString());
    assertThat(next.path("items").findValuesAsString("project")).containsExactly("one");
    var id = first.path("items").path(0).path("id").asString();

    server.admin().create("/tenants", "{\"key\":\"other\",\"name\":\"Other\"}");
    var others = server.admin().send("GET", "/deletions", "", "Stitchd-Tenant", "other");
    assertThat(others.json()).hasToString("{\"items\":[]}");
    var hidden = server.admin().send("GET", "/deletions/" + id, "", "Stitchd-Tenant", "other");
    assertThat(hidden.status()).isEqualTo(404);
    assertGone("/deletions/nobody");
    assertThat(server.admin().send("GET", "/deletions?cursor=eA", "").status()).isEqualTo(400);
  }

  @Test
  void aTenantGoesWhenNothingOfItIsLeft() {
    server.admin().create("/tenants", "{\"key\":\"leaving\",\"name\":\"Leaving\"}");
    var made =
        server
            .admin()
            .send(
                "POST",
                "/projects",
                "{\"key\":\"last\",\"name\":\"Last\"}",
                "Stitchd-Tenant",
                "leaving");
    assertThat(made.status()).isEqualTo(201);
    var deleted =
        server
            .admin()
            .send("DELETE", "/projects/last", "", "Stitchd-Tenant", "leaving", "If-Match", "*");
    assertThat(deleted.status()).isEqualTo(202);
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var gone = delete(server, "/tenants/leaving");
          assertThat(gone.status()).as(gone.body()).isIn(204, 409);
          assertThat(gone.status()).isEqualTo(204);
        });
  }

  @Test
  void whatWasDoneLongAgoIsForgotten() {
    server.admin().createProject("forgotten");
    var id = delete(server, "/projects/forgotten").json().path("id").asString();
    done(server, id);
    StoreUrl.of(postgres)
        .query(
            "UPDATE deletions SET finished_at = now() - interval '31 days' WHERE id = '%s'"
                .formatted(id));
    await()
        .atMost(SOON)
        .until(() -> server.admin().send("GET", "/deletions/" + id, "").status() == 404);
  }

  @Test
  void everyTableThatRefersToAnEnvironmentOrProjectIsEmptiedInBatches() {
    var few = List.of("environments", "event_quotas", "propagation_nodes", "role_grants");
    var removed = new TreeSet<>(few);
    RemovalRows.OF_ENVIRONMENT.forEach(kept -> removed.add(kept.table()));
    RemovalRows.OF_PROJECT.forEach(kept -> removed.add(kept.table()));
    assertThat(
            StoreUrl.of(postgres)
                .query(
                    """
                    WITH RECURSIVE below AS (
                      SELECT 'projects'::regclass::oid AS id
                      UNION SELECT k.conrelid FROM pg_constraint k JOIN below b ON k.confrelid = b.id WHERE k.contype = 'f')
                    SELECT id::regclass FROM below WHERE id <> 'projects'::regclass
                    """))
        .as("what is not removed in batches is removed by one last statement")
        .containsExactlyInAnyOrderElementsOf(removed);
  }

  @Test
  void anotherNodeCarriesOnWhenOneIsCutOffWhichIsToldOnce() {
    prepared(server, "cut");
    var environment = id("cut", "production");
    log("cut", LOGGED + 1, 40_000);
    var id = delete(server, "/projects/cut").json().path("id").asString();
    await().atMost(SOON).until(() -> deletion(server, id).path("rowsDeleted").asLong() > LOGGED);
    assertThat(deletion(server, id).path("state").asString()).isEqualTo("running");

    try (var log = LogLines.of(server);
        var everywhere = LogLines.open()) {
      proxy.leadTo("postgresql://postgres:postgres@127.0.0.1:1/nowhere");
      proxy.reset();
      await().atMost(SOON).until(() -> log.with(OUT) > 0);
      assertThat(rowsOf(environment)).isPositive();
      try (var other = Server.on(postgres, server.clickHouse(), SETTINGS)) {
        assertThat(done(other, id).path("rowsDeleted").asLong()).isGreaterThan(40_000);
      }
      assertThat(rowsOf(environment)).isZero();

      proxy.leadTo(postgres);
      await().atMost(SOON).until(() -> log.with(BACK) > 0);
      assertThat(log.with(OUT)).isEqualTo(1);
      assertThat(everywhere.lines())
          .noneMatch(line -> line.startsWith("ERROR") && line.contains("Deletion"));
    }
  }

  /// As nodes do that know of no deletions in the background.
  @Test
  void anOlderNodeMayDeleteAProjectWhoseEnvironmentIsBeingRemoved() {
    prepared(server, "mixed");
    log("mixed", LOGGED + 1, 40_000);
    var environment = id("mixed", "production");
    var tenant = ask("SELECT tenant_id FROM projects WHERE key = 'mixed'");
    var id = delete(server, "/projects/mixed/environments/production").json().path("id").asString();
    await()
        .atMost(SOON)
        .ignoreExceptions() // either may have to wait for the other, and one of them gives way
        .until(() -> {
          var _ =
              StoreUrl.of(postgres)
                  .query(
                      """
                      DO $$ BEGIN
                        SET LOCAL ROLE stitchd_app;
                        PERFORM set_config('stitchd.tenant', '%s', true);
                        DELETE FROM projects WHERE tenant_id = '%s' AND key = 'mixed';
                      END $$
                      """
                          .formatted(tenant, tenant));
          return ask("SELECT count(*) FROM projects WHERE key = 'mixed'").equals("0");
        });
    assertThat(done(server, id).path("environment").asString()).isEqualTo("production");
    assertThat(rowsOf(environment)).isZero();
  }

  @Test
  void aSmallDeletionDoesNotWaitForALargeOneAndBothAreCounted() {
    prepared(server, "large");
    log("large", LOGGED + 1, 100_000);
    long removed = metric("stitchd_deletions_removed_total");
    var large = delete(server, "/projects/large").json().path("id").asString();
    await().atMost(SOON).until(() -> deletion(server, large).path("rowsDeleted").asLong() > 500);
    await().atMost(SOON).until(() -> metric("stitchd_deletions{state=\"running\"}") > 0);
    await().atMost(SOON).until(() -> metric("stitchd_deletions_oldest_seconds") > 0);

    server.admin().createProject("small");
    var small = delete(server, "/projects/small").json().path("id").asString();
    done(server, small);
    assertThat(deletion(server, large).path("state").asString()).isEqualTo("running");

    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> deletion(server, large).path("state").asString().equals("done"));
    assertThat(deletion(server, large).path("rowsDeleted").asLong()).isGreaterThan(100_000);
    assertThat(metric("stitchd_deletions_removed_total") - removed).isGreaterThan(100_000);
    for (var none :
        List.of(
            "stitchd_deletions{state=\"running\"}",
            "stitchd_deletions{state=\"queued\"}",
            "stitchd_deletions_oldest_seconds")) {
      await().atMost(SOON).until(() -> metric(none) == 0);
    }
  }

  /// As when ClickHouse is out for days.
  @Test
  void deletionsThatWaitForClickHouseAloneTakeNobodysPlace() {
    server.admin().createProject("behind");
    var tenant = ask("SELECT tenant_id FROM projects WHERE key = 'behind'");
    var _ =
        StoreUrl.of(postgres)
            .query(
                """
                WITH asked AS (INSERT INTO deletions (tenant_id, project, environment, environment_ids)
                               SELECT '%s', 'waiting', 'e' || n, ARRAY[gen_random_uuid()] FROM generate_series(1, 101) n
                               RETURNING tenant_id, environment_ids)
                INSERT INTO erasures (tenant_id, environment_id, due_at)
                SELECT tenant_id, environment_ids[1], now() + interval '1 day' FROM asked
                """
                    .formatted(tenant));
    done(server, delete(server, "/projects/behind").json().path("id").asString());
    var waiting = "SELECT count(*) FROM deletions WHERE project = 'waiting' AND ";
    await().atMost(SOON).until(() -> ask(waiting + "emptied").equals("101"));
    assertThat(ask(waiting + "state = 'running'")).isEqualTo("101");

    var _ =
        StoreUrl.of(postgres)
            .query(
                "UPDATE erasures SET state = 'done', finished_at = now() WHERE due_at > now() + interval '1 hour'");
    await().atMost(SOON).until(() -> ask(waiting + "state = 'done'").equals("101"));
  }

  private static long metric(String name) {
    return server
        .http()
        .get("/metrics", "Authorization", "Bearer " + Server.TOKEN)
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  /// A project with an environment of some thousand rows; its SDK key.
  private static String prepared(Server server, String project) {
    var admin = server.admin();
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlag(project, "checkout");
    var key = admin.createSdkKey(project, "production", "server");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.create(
        "/projects/%s/environments/production/event-definitions".formatted(project),
        "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    log(project, 1, LOGGED);
    StoreUrl.of(postgres)
        .query(
            """
            INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
            SELECT l.tenant_id, l.generation, true, 'u' || n
              FROM segment_lists l JOIN environments e ON e.id = l.environment_id JOIN projects p ON p.id = e.project_id,
                   generate_series(1, 1200) n
             WHERE p.key = '%s' AND p.deleted_at IS NULL
            """
                .formatted(project));
    assertThat(config(server, key).status()).isEqualTo(200);
    return key;
  }

  private static void log(String project, int from, int to) {
    StoreUrl.of(postgres)
        .query(
            """
            INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, actor)
            SELECT e.tenant_id, e.id, n, 'flag', 'of-old', 'test'
              FROM environments e JOIN projects p ON p.id = e.project_id, generate_series(%d, %d) n
             WHERE p.key = '%s' AND p.deleted_at IS NULL AND e.key = 'production'
            """
                .formatted(from, to, project));
  }

  private static Http.Answer config(Server server, String key) {
    return server.http().send("GET", "/sdk/v1/config", "", "Authorization", "Bearer " + key);
  }

  private static Http.Answer delete(Server server, String path) {
    return server.admin().send("DELETE", path, "", "If-Match", "*");
  }

  private static void assertGone(String path) {
    assertThat(server.admin().send("GET", path, "").status()).as(path).isEqualTo(404);
  }

  private static JsonNode deletion(Server server, String id) {
    return server.admin().get("/deletions/" + id);
  }

  private static JsonNode done(Server server, String id) {
    await().atMost(SOON).until(() -> deletion(server, id).path("state").asString().equals("done"));
    return deletion(server, id);
  }

  private static String id(String project, String environment) {
    return ask(
        """
        SELECT e.id FROM environments e JOIN projects p ON p.id = e.project_id
         WHERE p.key = '%s' AND e.key = '%s' AND p.deleted_at IS NULL AND e.deleted_at IS NULL
        """
            .formatted(project, environment));
  }

  /// In all tables that name it but the one that outlives it, and members of its lists.
  private static long rowsOf(String environment) {
    var tables =
        StoreUrl.of(postgres)
            .query(
                "SELECT attrelid::regclass FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attname = 'environment_id' AND relkind = 'r' AND relname <> 'erasures'");
    long rows = 0;
    for (var table : tables) {
      rows +=
          Long.parseLong(
              ask(
                  "SELECT count(*) FROM %s WHERE environment_id = '%s'"
                      .formatted(table, environment)));
    }
    return rows
        + Long.parseLong(
            ask(
                "SELECT count(*) FROM segment_list_members m JOIN segment_generations g ON g.generation = m.generation WHERE g.environment_id = '%s'"
                    .formatted(environment)));
  }

  private static String ask(String sql) {
    return StoreUrl.of(postgres).query(sql).getFirst();
  }
}
