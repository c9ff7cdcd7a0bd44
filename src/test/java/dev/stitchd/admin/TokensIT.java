package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// API tokens over HTTP, on two nodes.
class TokensIT {

  private static Server one;
  private static Server other;
  private static Admin admin;

  @BeforeAll
  static void startServers() {
    one = Server.start(Map.of("STITCHD_ACCESS_USES_NOTED", "100ms"));
    other = Server.on(one.postgres(), one.clickHouse(), Map.of());
    admin = one.admin();
    admin.createProject("web");
    admin.create(
        "/projects/web/environments",
        "{\"key\":\"production\",\"name\":\"Production\",\"production\":true}");
    admin.createEnvironment("web", "staging");
    admin.createProject("shop");
    admin.createEnvironment("shop", "live");
  }

  @AfterAll
  static void stopServers() {
    other.stop();
    one.stop();
  }

  private static JsonNode make(Admin by, String roles) {
    return by.create("/tokens", "{\"name\":\"t\",\"roles\":[" + roles + "]}");
  }

  private static Admin with(Server server, JsonNode token) {
    return Admin.at(server.url(), token.get("token").asString());
  }

  @Test
  void aTokenIsShownOnceAndNoPartOfItAgain() {
    var made =
        admin.create(
            "/tokens",
            "{\"name\":\"ci\",\"expiresAt\":\"2099-01-01T00:00:00Z\",\"roles\":[{\"role\":\"editor\",\"project\":\"web\",\"environment\":\"staging\"}]}");
    var secret = made.get("token").asString();
    assertThat(secret).startsWith("sat_").hasSizeGreaterThan(40);
    var read = admin.get("/tokens/" + made.get("id").asString());
    assertThat(read.get("name").asString()).isEqualTo("ci");
    assertThat(read.get("expiresAt").asString()).isEqualTo("2099-01-01T00:00:00.000Z");
    assertThat(read.get("createdBy").asString()).isEqualTo("bootstrap-token");
    assertThat(read.get("roles").toString())
        .isEqualTo("[{\"role\":\"editor\",\"project\":\"web\",\"environment\":\"staging\"}]");
    for (var seen : new JsonNode[] {read, admin.get("/tokens?limit=200")}) {
      assertThat(seen.toString())
          .doesNotContain(secret.substring(4, 14))
          .doesNotContain("\"token\"");
    }
  }

  @Test
  void aTokenMayDoNoMoreThanWhoMadeIt() {
    var editor = with(one, make(admin, "{\"role\":\"editor\",\"project\":\"web\"}"));
    for (var more :
        new String[] {
          "{\"role\":\"publisher\",\"project\":\"web\"}",
          "{\"role\":\"viewer\",\"project\":\"shop\"}",
          "{\"role\":\"admin\"}",
          "{\"role\":\"platform-admin\"}"
        }) {
      var refused =
          editor.send(
              "POST",
              "/tokens",
              "{\"name\":\"t\",\"roles\":[{\"role\":\"viewer\",\"project\":\"web\"},"
                  + more
                  + "]}");
      assertThat(refused.status()).as(more + refused.body()).isEqualTo(403);
    }
    var less =
        make(editor, "{\"role\":\"editor\",\"project\":\"web\",\"environment\":\"staging\"}");
    assertThat(with(other, less).send("GET", "/projects/web", "").status()).isEqualTo(200);
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    var answer =
        admin.send(
            "POST",
            "/tokens",
            "{\"expiresAt\":\"2001-01-01T00:00:00Z\",\"nonsense\":1,\"roles\":[{\"role\":\"king\"},{\"role\":\"viewer\"},{\"role\":\"admin\",\"project\":\"web\"},{\"role\":\"viewer\",\"environment\":\"staging\"}]}");
    assertThat(answer.status()).isIn(400, 422);
    var text = answer.json().get("errors").toString();
    assertThat(text)
        .contains("\"name\"")
        .contains("\"expiresAt\"")
        .contains("\"nonsense\"")
        .contains("\"roles[0].role\"")
        .contains("\"roles[1].project\"")
        .contains("\"roles[2].project\"")
        .contains("\"roles[3].environment\"");
    var gone =
        admin.send(
            "POST",
            "/tokens",
            "{\"name\":\"t\",\"roles\":[{\"role\":\"viewer\",\"project\":\"nowhere\"},{\"role\":\"viewer\",\"project\":\"web\",\"environment\":\"nowhere\"}]}");
    assertThat(gone.status()).isEqualTo(422);
    assertThat(gone.json().get("errors").toString())
        .contains("roles[0].project")
        .contains("roles[1].environment");
  }

  @Test
  void aTokenThatIsDeletedOrExpiredIsRefusedOnEveryNode() {
    var made = make(admin, "{\"role\":\"viewer\",\"project\":\"web\"}");
    for (var node : new Server[] {one, other}) {
      assertThat(with(node, made).send("GET", "/projects", "").status()).isEqualTo(200);
    }
    assertThat(admin.send("DELETE", "/tokens/" + made.get("id").asString(), "").status())
        .isEqualTo(204);
    var since = Instant.now();
    for (var node : new Server[] {one, other}) {
      await("a deleted token is refused")
          .atMost(Patience.SOON)
          .until(() -> with(node, made).send("GET", "/projects", "").status() == 401);
    }
    assertThat(Duration.between(since, Instant.now())).isLessThan(Patience.withinSeconds(2));

    var soon = Instant.now().plusMillis(1_500);
    var expiring =
        admin.create(
            "/tokens",
            "{\"name\":\"t\",\"expiresAt\":\"%s\",\"roles\":[{\"role\":\"member\"}]}"
                .formatted(soon));
    await("an expired token is refused")
        .atMost(Patience.SOON)
        .until(() -> with(other, expiring).send("GET", "/projects", "").status() == 401);
    assertThat(Instant.now()).isAfter(soon);
  }

  @Test
  void whoIsNoAdministratorSeesTheOwnTokensAlone() {
    var member = make(admin, "{\"role\":\"member\"}");
    var stranger = make(admin, "{\"role\":\"member\"}");
    var seen = with(one, member).get("/tokens").get("items");
    assertThat(seen).hasSize(1);
    assertThat(seen.get(0).get("id")).isEqualTo(member.get("id"));
    for (var method : new String[] {"GET", "DELETE"}) {
      var path = "/tokens/" + stranger.get("id").asString();
      assertThat(with(one, member).send(method, path, "").status()).isEqualTo(404);
    }
  }

  @Test
  void listsHoldWhatTheCallerMaySee() {
    var some =
        with(
            one,
            make(
                admin,
                "{\"role\":\"viewer\",\"project\":\"web\",\"environment\":\"staging\"},{\"role\":\"viewer\",\"project\":\"shop\"}"));
    assertThat(some.get("/projects").get("items").findValuesAsString("key"))
        .containsExactly("shop", "web");
    assertThat(some.get("/projects/web/environments").get("items").findValuesAsString("key"))
        .containsExactly("staging");
    assertThat(some.get("/projects/shop/environments").get("items").findValuesAsString("key"))
        .containsExactly("live");
    var none = with(one, make(admin, "{\"role\":\"member\"}"));
    assertThat(none.get("/projects").get("items")).isEmpty();
    assertThat(none.send("GET", "/projects/web", "").status()).isEqualTo(403);
  }

  @Test
  void anEditorMakesNothingProduction() {
    var editor = with(one, make(admin, "{\"role\":\"editor\",\"project\":\"web\"}"));
    var key = "e-" + UUID.randomUUID();
    assertThat(
            editor
                .send(
                    "POST",
                    "/projects/web/environments",
                    "{\"key\":\"%s\",\"name\":\"E\",\"production\":true}".formatted(key))
                .status())
        .isEqualTo(403);
    editor.createEnvironment("web", key);
    assertThat(
            editor
                .send("PATCH", "/projects/web/environments/" + key, "{\"production\":true}")
                .status())
        .isEqualTo(403);
    admin.patch("/projects/web/environments/" + key, "{\"production\":true}");
    assertThat(
            editor
                .send("PATCH", "/projects/web/environments/" + key, "{\"production\":false}")
                .status())
        .isEqualTo(403);
    assertThat(
            editor
                .send("DELETE", "/projects/web/environments/" + key, "", "If-Match", "*")
                .status())
        .isEqualTo(403);
  }

  @Test
  void aSetOfChangesIsNoWayAroundTheTable() {
    var flag = "f-" + UUID.randomUUID();
    admin.createFlag("web", flag);
    admin.changeTargeting("web", flag, "production", targeting -> targeting.put("enabled", true));
    var ofStaging =
        with(
            one,
            make(
                admin, "{\"role\":\"publisher\",\"project\":\"web\",\"environment\":\"staging\"}"));
    var editor = with(one, make(admin, "{\"role\":\"editor\",\"project\":\"web\"}"));
    var served =
        "{\"changes\":[{\"method\":\"PATCH\",\"path\":\"flags/%s\",\"body\":{\"name\":\"other\"}}]}"
            .formatted(flag);
    var made =
        "{\"changes\":[{\"method\":\"POST\",\"path\":\"flags\",\"body\":{\"key\":\"%s-2\",\"name\":\"F\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false}}}]}"
            .formatted(flag);
    var path = "/projects/web/environments/staging/changes";
    assertThat(ofStaging.send("POST", path, served).status()).isEqualTo(403);
    assertThat(ofStaging.send("POST", path, made).status()).isEqualTo(403);
    assertThat(editor.send("POST", path, served).status()).isEqualTo(403);
    assertThat(editor.send("POST", path, made).status()).isEqualTo(200);
    assertThat(editor.send("PATCH", "/projects/web/flags/" + flag, "{\"name\":\"x\"}").status())
        .isEqualTo(403);
    assertThat(
            editor.send("PATCH", "/projects/web/flags/" + flag + "-2", "{\"name\":\"x\"}").status())
        .isEqualTo(200);
  }

  @Test
  void anArchivedFlagThatProductionWouldServeAgainIsForPublishers() {
    var flag = "f-" + UUID.randomUUID();
    admin.createFlag("web", flag);
    admin.changeTargeting("web", flag, "production", targeting -> targeting.put("enabled", true));
    var path = "/projects/web/flags/" + flag;
    admin.patch(path, "{\"archived\":true}");
    var editor = with(one, make(admin, "{\"role\":\"editor\",\"project\":\"web\"}"));
    assertThat(editor.send("PATCH", path, "{\"archived\":false}").status()).isEqualTo(403);
    var publisher = with(one, make(admin, "{\"role\":\"publisher\",\"project\":\"web\"}"));
    assertThat(publisher.send("PATCH", path, "{\"archived\":false}").status()).isEqualTo(200);
  }

  @Test
  void aTokenMakesNoneThatOutlivesItAndThoseEndWithIt() {
    var end = Instant.now().plusSeconds(600);
    var parent =
        admin.create(
            "/tokens",
            "{\"name\":\"t\",\"expiresAt\":\"%s\",\"roles\":[{\"role\":\"member\"}]}"
                .formatted(end));
    var by = with(one, parent);
    var body = "{\"name\":\"t\",\"roles\":[{\"role\":\"member\"}]%s}";
    assertThat(by.send("POST", "/tokens", body.formatted("")).status()).isEqualTo(403);
    assertThat(
            by.send(
                    "POST",
                    "/tokens",
                    body.formatted(",\"expiresAt\":\"%s\"".formatted(end.plusSeconds(1))))
                .status())
        .isEqualTo(403);
    var child =
        by.create(
            "/tokens", body.formatted(",\"expiresAt\":\"%s\"".formatted(end.minusSeconds(1))));
    assertThat(by.get("/tokens").get("items")).hasSize(2);
    assertThat(with(other, child).send("GET", "/tokens", "").status()).isEqualTo(200);
    admin.send("DELETE", "/tokens/" + parent.get("id").asString(), "");
    await()
        .atMost(Patience.SOON)
        .until(() -> with(other, child).send("GET", "/tokens", "").status() == 401);
    assertThat(
            admin
                .send(
                    "POST",
                    "/tokens",
                    body.formatted(",\"expiresAt\":\"+999999999-01-01T00:00:00Z\""))
                .status())
        .isEqualTo(422);
  }

  @Test
  void whichTenantsThereAreIsToldToThePlatformAlone() {
    var owner = with(one, make(admin, "{\"role\":\"owner\"}"));
    assertThat(owner.send("GET", "/tenants/default", "").status()).isEqualTo(403);
    assertThat(owner.send("GET", "/tenants/nowhere", "").status()).isEqualTo(403);
    assertThat(admin.send("GET", "/tenants/nowhere", "").status()).isEqualTo(404);
  }

  @Test
  void whatIsWatchedEndsWithTheTokenThatWatchesIt() throws Exception {
    var made = make(admin, "{\"role\":\"viewer\",\"project\":\"web\"}");
    var request =
        HttpRequest.newBuilder(
                URI.create(other.url() + "/api/v1/projects/web/environments/staging/events/live"))
            .header("Authorization", "Bearer " + made.get("token").asString())
            .build();
    try (var client = HttpClient.newHttpClient()) {
      var answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      assertThat(answer.statusCode()).isEqualTo(200);
      admin.send("DELETE", "/tokens/" + made.get("id").asString(), "");
      var ended = CompletableFuture.supplyAsync(() -> drained(answer.body()));
      assertThat(ended.get(Patience.withinSeconds(3).toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  private static boolean drained(InputStream body) {
    try (body) {
      body.readAllBytes();
      return true;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void rolesEndWithTheProjectThatTheyAreOf() {
    var project = "p-" + UUID.randomUUID();
    admin.createProject(project);
    var made = make(admin, "{\"role\":\"editor\",\"project\":\"%s\"}".formatted(project));
    admin.send("DELETE", "/projects/" + project, "", "If-Match", "*");
    admin.createProject(project);
    await("a role in a deleted project is none in its namesake")
        .atMost(Patience.SOON)
        .until(() -> with(one, made).send("GET", "/projects/" + project, "").status() == 403);
  }

  @Test
  void useIsNotedToTheMinute() {
    var made = make(admin, "{\"role\":\"member\"}");
    var path = "/tokens/" + made.get("id").asString();
    assertThat(admin.get(path).has("lastUsedAt")).isFalse();
    with(other, made).get("/tokens");
    assertThat(admin.get(path).get("lastUsedAt").asString()).isNotEmpty();
  }

  @Test
  void anSdkKeyTellsWhenItWasUsed() {
    var key = admin.createSdkKey("shop", "live", "server");
    var path = "/projects/shop/environments/live/sdk-keys";
    assertThat(admin.get(path).get("items").get(0).has("lastUsedAt")).isFalse();
    Http.at(one.url()).get("/sdk/v1/config", "Authorization", "Bearer " + key);
    await()
        .atMost(Patience.SOON)
        .until(() -> admin.get(path).get("items").get(0).has("lastUsedAt"));
  }

  @Test
  void guessesAreTooManyAfterAWhileAndARightTokenIsNot() {
    var status = 0;
    for (int i = 0; i < 700 && status != 429; i++) {
      status =
          Http.at(other.url())
              .get("/api/v1/projects", "Authorization", "Bearer sat_guess" + i)
              .status();
    }
    assertThat(status).isEqualTo(429);
    assertThat(other.admin().send("GET", "/projects", "").status()).isEqualTo(200);
    var right = make(admin, "{\"role\":\"member\"}");
    assertThat(with(other, right).send("GET", "/projects", "").status()).isEqualTo(200);
  }
}
