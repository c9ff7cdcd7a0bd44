package dev.stitchd.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.pool.ConnectionPool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The audit log as people and programs read it: over HTTP, on real stores.
class AuditIT {

  private static final String JSON_LINES = "application/x-ndjson";

  private static Server server;
  private static Admin admin;

  private String project;

  @BeforeAll
  static void startServer() {
    server = Server.start();
    admin = server.admin();
  }

  @AfterAll
  static void stopServer() {
    server.stop();
  }

  @BeforeEach
  void aProjectOfItsOwn() {
    project = "p-" + UUID.randomUUID();
    admin.createProject(project);
    admin.createEnvironment(project, "production");
  }

  @Test
  void aChangeOfARolloutIsToldFieldByFieldAndInWords() {
    admin.createFlag(project, "checkout");
    rollout(10, 90);
    var path = "/projects/" + project + "/flags/checkout/environments/production";
    var changed =
        admin.send(
            "PATCH",
            path,
            "{\"default\":{\"rollout\":{\"weights\":{\"on\":50,\"off\":50}}}}",
            "Stitchd-Comment",
            "half of them",
            "X-Request-Id",
            "request-47");
    assertThat(changed.status()).as(changed.body()).isEqualTo(200);

    var entry = entries("project=" + project).getFirst();
    assertThat(entry.path("summary").asString())
        .isEqualTo("checkout in production: default: 'on' 10 % → 50 %, by bootstrap-token");
    assertThat(entry.path("action").asString()).isEqualTo("flag.targeting.update");
    assertThat(entry.path("resource").asString()).isEqualTo("/api/v1" + path);
    assertThat(admin.get(entry.path("resource").asString().substring("/api/v1".length())))
        .as("its own address")
        .isNotNull();
    assertThat(entry.path("actor"))
        .hasToString("{\"kind\":\"token\",\"name\":\"bootstrap-token\"}");
    assertThat(entry.path("project").asString()).isEqualTo(project);
    assertThat(entry.path("environment").asString()).isEqualTo("production");
    assertThat("production=" + entry.path("revision").asLong())
        .isEqualTo(changed.header("Stitchd-Revision"));
    assertThat(entry.path("comment").asString()).isEqualTo("half of them");
    assertThat(entry.path("requestId").asString()).isEqualTo("request-47");
    assertThat(entry.path("address").asString()).isEqualTo("127.0.0.1");
    assertThat(entry.path("at").asString()).matches("20\\d\\d-\\d\\d-\\d\\dT[0-9:]{8}\\.\\d{3}Z");
    assertThat(entry.path("id").isString()).isTrue();
    assertThat(change(entry, "default.rollout.weights.on"))
        .hasToString("{\"path\":\"default.rollout.weights.on\",\"before\":10,\"after\":50}");
    assertThat(change(entry, "enabled").isMissingNode()).isTrue();
  }

  @Test
  void aCreationListsEveryFieldAndADeletionToo() {
    var made = admin.createFlag(project, "checkout");
    var entry = entries("resource=/api/v1/projects/" + project + "/flags/checkout").getFirst();
    assertThat(entry.path("action").asString()).isEqualTo("flag.create");
    assertThat(entry.path("resource").asString())
        .isEqualTo("/api/v1/projects/" + project + "/flags/checkout");
    made.properties().stream()
        .filter(field -> !field.getValue().isObject())
        .forEach(field ->
            assertThat(change(entry, field.getKey()).path("after"))
                .as(field.getKey())
                .isEqualTo(field.getValue()));
    assertThat(change(entry, "variants.on").path("after").asBoolean()).isTrue();
    assertThat(entry.path("revisions")).hasToString("{\"production\":2}");

    admin.send("DELETE", "/projects/" + project + "/flags/checkout", "", "If-Match", "*");
    var deleted = entries("project=" + project).getFirst();
    assertThat(deleted.path("action").asString()).isEqualTo("flag.delete");
    assertThat(change(deleted, "key").path("before").asString()).isEqualTo("checkout");
    assertThat(deleted.path("summary").asString())
        .isEqualTo("flag checkout: deleted, by bootstrap-token");
  }

  @Test
  void everythingThatIsDoneIsNotedAndEveryActionIsDocumented() throws Exception {
    var in = "/projects/" + project + "/environments/production";
    admin.patch("/projects/" + project, "{\"name\":\"other\"}");
    admin.patch(in, "{\"name\":\"other\"}");
    admin.createFlag(project, "checkout");
    admin.patch("/projects/" + project + "/flags/checkout", "{\"name\":\"other\"}");
    rollout(10, 90);
    admin.patch(
        "/projects/" + project + "/flags/checkout/environments/production",
        "{\"default\":{\"rollout\":{\"weights\":{\"on\":10,\"off\":90},\"reshuffle\":true}}}");
    admin.create(in + "/revisions/4/restore", "{}");
    admin.send("DELETE", "/projects/" + project + "/flags/checkout", "", "If-Match", "*");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.patch(in + "/segments/vip", "{\"name\":\"other\"}");
    admin.send("POST", in + "/segments/vip/members", "{\"keys\":[\"u1\",\"u2\"]}");
    admin.send("DELETE", in + "/segments/vip/members", "{\"keys\":[\"u1\"]}");
    admin.send("PUT", in + "/segments/vip/members", "u1\nu2\nu3\n", "Content-Type", "text/csv");
    admin.send("DELETE", in + "/segments/vip", "", "If-Match", "*");
    admin.create(in + "/event-definitions", "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    admin.patch(in + "/event-definitions/purchase", "{\"name\":\"other\"}");
    admin.send("DELETE", in + "/event-definitions/purchase", "", "If-Match", "*");
    var key = admin.createSdkKey(project, "production", "server");
    var keyId = admin.get(in + "/sdk-keys").at("/items/0/id").asString();
    admin.send("DELETE", in + "/sdk-keys/" + keyId + "?force=true", "");
    admin.send("DELETE", in + "/contexts/user/ann", "");
    admin.send("DELETE", in, "", "If-Match", "*");
    admin.send("DELETE", "/projects/" + project, "", "If-Match", "*");

    var found = entries("project=" + project + "&limit=200");
    var actions = new ArrayList<String>();
    found.reversed().forEach(entry -> actions.add(entry.path("action").asString()));
    assertThat(actions)
        .containsExactly(
            "project.create",
            "environment.create",
            "project.update",
            "environment.update",
            "flag.create",
            "flag.update",
            "flag.targeting.update",
            "flag.targeting.reshuffle",
            "flag.targeting.restore",
            "environment.restore",
            "flag.delete",
            "segment.create",
            "segment.update",
            "segment.members.add",
            "segment.members.remove",
            "segment.members.replace",
            "segment.delete",
            "event-definition.create",
            "event-definition.update",
            "event-definition.delete",
            "sdk-key.create",
            "sdk-key.revoke",
            "context.erase",
            "environment.delete",
            "project.delete");
    assertThat(found.stream().map(entry -> entry.path("summary").asString()))
        .contains("environment production: revision 4 restored, by bootstrap-token");
    assertThat(found.toString()).doesNotContain(key).doesNotContain("ann");
    var documented = Files.readString(Path.of("docs/audit.md"));
    var all = new TreeSet<>(actions);
    entries("limit=200").forEach(entry -> all.add(entry.path("action").asString()));
    assertThat(all).allSatisfy(action -> assertThat(documented).contains("`" + action + "`"));

    var members =
        found.stream()
            .filter(entry -> entry.path("action").asString().startsWith("segment.members."))
            .map(entry -> entry.path("summary").asString())
            .toList()
            .reversed();
    assertThat(members.getFirst())
        .isEqualTo("members of vip in production: included: 0 → 2, by bootstrap-token");
    assertThat(members.get(1))
        .isEqualTo("members of vip in production: included: 2 → 1, by bootstrap-token");
    assertThat(members.getLast()).contains("included: 1 → 3");
  }

  @Test
  void aRefusedOrRepeatedWriteLeavesNoNote() {
    var body = "{\"key\":\"checkout\",\"name\":\"Checkout\",\"type\":\"boolean\"}";
    var flags = "/projects/" + project + "/flags";
    for (int i = 0; i < 3; i++) {
      assertThat(admin.send("POST", flags, body, "Idempotency-Key", project).status())
          .isEqualTo(201);
    }
    assertThat(admin.send("POST", flags, body).status()).isEqualTo(409);
    assertThat(actions("project=" + project))
        .containsExactly("flag.create", "environment.create", "project.create");
  }

  @Test
  void whatIsDoneToATenantIsToldInItAndInTheCallers() {
    var key = "t-" + UUID.randomUUID();
    admin.create("/tenants", "{\"key\":\"%s\",\"name\":\"A\"}".formatted(key));
    admin.patch("/tenants/" + key, "{\"name\":\"B\"}");
    var ofIt = "resource=/api/v1/tenants/" + key;
    assertThat(actions(ofIt)).containsExactly("tenant.update", "tenant.create");
    assertThat(actions(ofIt, "Stitchd-Tenant", key))
        .containsExactly("tenant.update", "tenant.create");
    assertThat(actions("", "Stitchd-Tenant", key))
        .as("nothing of another tenant")
        .containsExactly("tenant.update", "tenant.create");

    var deleted =
        admin.send("DELETE", "/tenants/" + key, "", "If-Match", "*", "Stitchd-Tenant", key);
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(204);
    assertThat(actions(ofIt)).as("it took its log along").startsWith("tenant.delete").hasSize(3);
    assertThat(
            StoreUrl.of(server.postgres())
                .query(
                    "SELECT count(*) FROM audit_logs WHERE tenant_id NOT IN (SELECT id FROM tenants)"))
        .containsExactly("0");
  }

  @Test
  void filtersLeaveWhatAllOfThemHoldFor() {
    admin.createEnvironment(project, "staging");
    admin.createFlag(project, "checkout");
    admin.serve(project, "checkout", "staging", "on");
    admin.serve(project, "checkout", "production", "on");
    var flag = "/api/v1/projects/" + project + "/flags/checkout";
    assertThat(actions("project=" + project + "&environment=staging"))
        .containsExactly("flag.targeting.update", "environment.create");
    assertThat(actions("resource=" + flag))
        .containsExactly("flag.targeting.update", "flag.targeting.update", "flag.create");
    assertThat(actions("resource=" + flag + "/environments/staging&action=flag.targeting.update"))
        .containsExactly("flag.targeting.update");
    assertThat(actions("resource=" + flag.substring(0, flag.length() - 1))).isEmpty();
    assertThat(actions("project=" + project + "&action=project.create"))
        .containsExactly("project.create");
    assertThat(actions("project=" + project + "&actor=bootstrap-token")).hasSize(6);
    assertThat(actions("project=" + project + "&actor=somebody")).isEmpty();
    assertThat(actions("actor=" + UUID.randomUUID())).isEmpty();

    var made = entries("action=flag.create&project=" + project).getFirst().path("at").asString();
    assertThat(actions("project=" + project + "&from=" + made))
        .startsWith("flag.targeting.update")
        .contains("flag.create")
        .doesNotContain("project.create");
    assertThat(actions("project=" + project + "&to=" + made))
        .containsExactly("environment.create", "environment.create", "project.create");
  }

  @Test
  void pagesGoOnWhereTheOneBeforeEnded() {
    admin.createFlag(project, "checkout");
    for (int i = 0; i < 10; i++) {
      admin.patch("/projects/" + project + "/flags/checkout", "{\"name\":\"n%d\"}".formatted(i));
    }
    for (var filter :
        List.of(
            "project=" + project + "&to=" + Instant.now(),
            "resource=/api/v1/projects/" + project + "/flags",
            "project=" + project + "&action=flag.update")) {
      var whole = ids(get("limit=200&" + filter));
      assertThat(whole).hasSizeGreaterThanOrEqualTo(10);
      var paged = new ArrayList<String>();
      var cursor = "";
      do {
        var page = get("limit=3&" + filter + cursor);
        assertThat(page.path("items").size()).isLessThanOrEqualTo(3);
        paged.addAll(ids(page));
        admin.patch("/projects/" + project, "{\"name\":\"x\"}");
        cursor = page.has("nextCursor") ? "&cursor=" + page.path("nextCursor").asString() : "";
      } while (!cursor.isEmpty());
      assertThat(paged).as(filter).containsExactlyElementsOf(whole);
    }
  }

  @Test
  void allMistakesOfAQueryAreToldAtOnce() {
    var refused = admin.send("GET", "/audit?from=yesterday&to=2026-99-99&limit=0&cursor=eA", "");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("errors").findValuesAsString("path"))
        .containsExactlyInAnyOrder("from", "to", "limit", "cursor");
  }

  @Test
  void everythingThatMatchesIsStreamedLineByLine() {
    admin.createFlag(project, "checkout");
    var patched = 0;
    for (; patched < 120; patched++) {
      admin.patch(
          "/projects/" + project + "/flags/checkout", "{\"name\":\"n%d\"}".formatted(patched));
    }
    var answer = send("project=" + project + "&action=flag.update", "Accept", JSON_LINES);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith(JSON_LINES);
    var lines = answer.body().lines().map(Json::parseOwn).toList();
    assertThat(lines).hasSize(patched);
    assertThat(new HashSet<>(lines.stream().map(line -> line.path("id").asString()).toList()))
        .hasSize(patched);
    assertThat(lines.getFirst())
        .isEqualTo(entries("project=" + project + "&action=flag.update&limit=1").getFirst());
    assertThat(change(lines.getLast(), "name").path("after").asString()).isEqualTo("n0");
    var none = send("project=nothing", "Accept", JSON_LINES);
    assertThat(none.status()).isEqualTo(200);
    assertThat(none.body()).isEmpty();
  }

  @Test
  void aReaderWhoGoesAwayHalfwayLeavesNoConnectionBehind() {
    admin.createFlag(project, "checkout");
    var tenant =
        new TenantId(
            UUID.fromString(
                StoreUrl.of(server.postgres())
                    .query("SELECT id FROM tenants WHERE key = 'default'")
                    .getFirst()));
    var all = new AuditFilter(null, null, null, null, null, null, null);
    for (int i = 0; i < 30; i++) {
      server
          .bean(AuditLog.class)
          .export(tenant, Grants.PLATFORM, all, AuditEntry.Place.NEWEST)
          .take(1)
          .blockLast();
    }
    var lent = server.context().getBeansOfType(ConnectionPool.class).get("management").getMetrics();
    await().atMost(Patience.SOON).until(() -> lent.orElseThrow().acquiredSize() == 0);
  }

  @Test
  void aFilterThatHardlyAnythingPassesIsAnsweredInTime() {
    var tenant =
        StoreUrl.of(server.postgres())
            .query("SELECT id FROM tenants WHERE key = 'default'")
            .getFirst();
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                DO $$ BEGIN
                INSERT INTO audit_logs (tenant_id, at, actor, actor_kind, action, resource, project, changes, summary)
                SELECT '%s', now() - interval '1 year', 'ci', 'system', 'flag.update', '/projects/many/flags/f', 'many', '[]', 's'
                  FROM generate_series(1, 60000);
                END $$
                """
                    .formatted(tenant));
    admin.createFlag(project, "checkout");
    assertThat(actions("actor=bootstrap-token&resource=/api/v1/projects/" + project + "&limit=200"))
        .containsExactly("flag.create", "environment.create", "project.create");
    var items = new ArrayList<String>();
    var page = get("actor=ci&project=many&resource=/api/v1/projects/many/flags/none");
    for (; page.has("nextCursor"); ) {
      items.addAll(ids(page));
      page =
          get(
              "actor=ci&project=many&resource=/api/v1/projects/many/flags/none&cursor="
                  + page.path("nextCursor").asString());
    }
    assertThat(items).isEmpty();
  }

  @Test
  void whoDoesNotAdministerTheTenantSeesWhatTheyHaveARoleIn() {
    admin.createEnvironment(project, "staging");
    admin.createFlag(project, "checkout");
    admin.serve(project, "checkout", "staging", "on");
    admin.serve(project, "checkout", "production", "on");
    var viewer = holding("{\"role\":\"viewer\",\"project\":\"%s\"}");
    assertThat(actionsOf(viewer, "limit=200"))
        .containsExactly(
            "flag.targeting.update",
            "flag.targeting.update",
            "flag.create",
            "environment.create",
            "environment.create",
            "project.create");
    var ofStaging = holding("{\"role\":\"editor\",\"project\":\"%s\",\"environment\":\"staging\"}");
    assertThat(actionsOf(ofStaging, "limit=200"))
        .containsExactly("flag.targeting.update", "environment.create");
    assertThat(actionsOf(ofStaging, "environment=production")).isEmpty();
    var ofToken = "project=" + project + "&action=flag.update&actor=";
    var editor = holding("{\"role\":\"editor\",\"project\":\"%s\"}", "named " + project);
    editor.patch("/projects/" + project + "/flags/checkout", "{\"tags\":[\"x\"]}");
    for (var actor : List.of("named%20" + project, "token:named%20" + project)) {
      assertThat(actions(ofToken + actor)).as(actor).containsExactly("flag.update");
    }
    var id = entries(ofToken + "named%20" + project).getFirst().at("/actor/id").asString();
    assertThat(actions(ofToken + id)).containsExactly("flag.update");
    assertThat(actionsOf(holding("{\"role\":\"admin\"}"), "limit=200"))
        .contains("token.create", "project.create");
  }

  private Admin holding(String role) {
    return holding(role, "t");
  }

  private Admin holding(String role, String name) {
    var body = "{\"name\":\"%s\",\"roles\":[%s]}".formatted(name, role.formatted(project));
    return Admin.at(server.url(), admin.create("/tokens", body).path("token").asString());
  }

  private static List<String> actionsOf(Admin caller, String query) {
    var page = caller.get("/audit?" + query).path("items");
    return StreamSupport.stream(page.spliterator(), false)
        .map(entry -> entry.path("action").asString())
        .toList();
  }

  @Test
  void nobodyTakesBackWhatIsInTheLog() {
    admin.createFlag(project, "checkout");
    var tenant =
        new TenantId(
            UUID.fromString(
                StoreUrl.of(server.postgres())
                    .query("SELECT id FROM tenants WHERE key = 'default'")
                    .getFirst()));
    for (var sql :
        List.of(
            "UPDATE audit_logs SET actor = 'x'",
            "DELETE FROM audit_logs",
            "TRUNCATE audit_logs",
            "INSERT INTO audit_logs (tenant_id, at, actor, action, resource) VALUES ('%s', '1999-01-01', 'x', 'x.x', 'x')"
                .formatted(tenant),
            "INSERT INTO audit_logs (tenant_id, id, actor, action, resource) OVERRIDING SYSTEM VALUE VALUES ('%s', 1, 'x', 'x.x', 'x')"
                .formatted(tenant))) {
      var refused =
          server
              .bean(Transactions.class)
              .inTenant(tenant, session -> session.run(sql).thenReturn("done"))
              .onErrorResume(refusal -> Mono.just(String.valueOf(refusal.getMessage())))
              .block();
      assertThat(refused).as(sql).contains("permission denied");
    }
    for (var sql :
        List.of(
            "UPDATE audit_logs SET actor = 'x'",
            "DELETE FROM audit_logs",
            "TRUNCATE audit_logs",
            "TRUNCATE tenants CASCADE")) {
      assertThat(asOwner(sql)).as(sql).contains("the audit log is append-only");
    }
    assertThat(actions("project=" + project)).hasSize(3);
  }

  @Test
  void rowsOfBeforeAreReadToo() {
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                DO $$ BEGIN
                INSERT INTO audit_logs (tenant_id, actor, action, resource, project, revisions, before, after)
                SELECT id, 'token:ci', 'update', '/projects/old/flags/f', 'old', '{"production": 7}', '{"name": "a", "version": 1}', '{"name": "b", "version": 2}'
                  FROM tenants WHERE key = 'default';
                END $$
                """);
    var entry = entries("project=old&actor=ci").getFirst();
    assertThat(entry.path("actor")).hasToString("{\"kind\":\"token\",\"name\":\"ci\"}");
    assertThat(entry.path("changes"))
        .hasToString("[{\"path\":\"name\",\"before\":\"a\",\"after\":\"b\"}]");
    assertThat(entry.path("revision").asLong()).isEqualTo(7);
    assertThat(entry.path("summary").asString()).isEqualTo("update /projects/old/flags/f, by ci");
  }

  private static String asOwner(String sql) {
    try {
      return StoreUrl.of(server.postgres()).query(sql).toString();
    } catch (IllegalStateException refused) {
      return String.valueOf(refused.getMessage());
    }
  }

  private void rollout(int on, int off) {
    admin.patch(
        "/projects/" + project + "/flags/checkout/environments/production",
        "{\"default\":{\"variant\":null,\"rollout\":{\"weights\":{\"on\":%d,\"off\":%d}}}}"
            .formatted(on, off));
  }

  private static JsonNode change(JsonNode entry, String path) {
    return StreamSupport.stream(entry.path("changes").spliterator(), false)
        .filter(change -> change.path("path").asString().equals(path))
        .findFirst()
        .orElseGet(() -> entry.path("no such change"));
  }

  private static Http.Answer send(String query, String... headers) {
    return admin.send("GET", "/audit?" + query, "", headers);
  }

  private static JsonNode get(String query, String... headers) {
    var answer = send(query, headers);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private static List<JsonNode> entries(String query, String... headers) {
    return StreamSupport.stream(get(query, headers).path("items").spliterator(), false).toList();
  }

  private static List<String> actions(String query, String... headers) {
    return entries(query, headers).stream().map(entry -> entry.path("action").asString()).toList();
  }

  private static List<String> ids(JsonNode page) {
    return page.path("items").findValuesAsString("id");
  }
}
