package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Browser;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// People sign in over HTTP, on two nodes that started together on an empty database.
class SignInIT {

  private static final String EMAIL = "ada@example.org";
  private static final String PASSWORD = "correct horse battery staple";

  private static Server one;
  private static Server other;

  @BeforeAll
  static void startServers() {
    var settings = Map.of("STITCHD_ADMIN_EMAIL", EMAIL, "STITCHD_ADMIN_PASSWORD", PASSWORD);
    one = Server.start(settings);
    other = Server.on(one.postgres(), one.clickHouse(), settings);
    await("the first account")
        .atMost(Patience.SOON)
        .until(() -> one.admin().get("/users").get("items").size() == 1);
  }

  @AfterAll
  static void stopServers() {
    other.stop();
    one.stop();
  }

  private static Http.Answer login(Server node, String email, String password) {
    return Browser.login(node, email, password, null);
  }

  private static Browser signIn(String email, String password) {
    return Browser.of(one, login(one, email, password));
  }

  /// An account by SQL would have no password hash of ours, so the first administrator's is copied.
  private static String account(String roles) {
    var email = UUID.randomUUID() + "@example.org";
    var store = StoreUrl.of(one.postgres());
    var id =
        store
            .query(
                "INSERT INTO users (tenant_id, email, name, password, created_by) SELECT tenant_id, '%s', 'Somebody', password, 'test' FROM users WHERE email = '%s' RETURNING id"
                    .formatted(email, EMAIL))
            .getFirst();
    var given = one.admin().send("PUT", "/users/" + id + "/roles", "{\"roles\":[" + roles + "]}");
    assertThat(given.status()).as(given.body()).isEqualTo(200);
    return email;
  }

  private static JsonNode user(String email) {
    for (var user : one.admin().get("/users?limit=200").get("items")) {
      if (user.get("email").asString().equals(email)) {
        return user;
      }
    }
    throw new AssertionError("no user " + email);
  }

  @Test
  void nodesThatStartTogetherMakeOneAdministrator() {
    var admin = user(EMAIL);
    assertThat(admin.get("roles").findValuesAsString("role")).contains("platform-admin");
    assertThat(
            StoreUrl.of(one.postgres())
                .query("SELECT count(*) FROM users WHERE created_by = 'first start'"))
        .containsExactly("1");
  }

  @Test
  void theCookieIsForThisServerAloneAndNotForScripts() {
    var answer = login(one, EMAIL, PASSWORD);
    assertThat(answer.header("Set-Cookie"))
        .startsWith("stitchd_session=ses_")
        .contains("; Path=/;")
        .contains("HttpOnly")
        .contains("SameSite=Lax")
        .doesNotContain("Secure");
    assertThat(answer.json().get("user").get("email").asString()).isEqualTo(EMAIL);
    assertThat(login(one, EMAIL, PASSWORD).header("Set-Cookie"))
        .isNotEqualTo(answer.header("Set-Cookie"));
  }

  @Test
  void aSessionHoldsOnEveryNodeAndChangesNothingWithoutItsToken() {
    var ada = signIn(EMAIL, PASSWORD);
    var elsewhere = ada.at(other);
    assertThat(elsewhere.send("GET", "/me", "").json().get("user").get("email").asString())
        .isEqualTo(EMAIL);
    var body = "{\"key\":\"p-%s\",\"name\":\"P\"}".formatted(UUID.randomUUID());
    assertThat(elsewhere.send("POST", "/projects", body).status()).isEqualTo(403);
    var strange = signIn(EMAIL, PASSWORD).csrf();
    assertThat(elsewhere.send("POST", "/projects", body, "X-CSRF-Token", strange).status())
        .isEqualTo(403);
    assertThat(elsewhere.send("DELETE", "/projects/nowhere", "").status()).isEqualTo(404);
    assertThat(elsewhere.prove("POST", "/projects", body).status()).isEqualTo(201);
  }

  @Test
  void whoSignedOutIsSignedOutOnEveryNode() {
    var ada = signIn(EMAIL, PASSWORD);
    assertThat(ada.at(other).send("GET", "/me", "").status()).isEqualTo(200);
    assertThat(ada.send("POST", "/logout", "").status()).isEqualTo(403);
    var gone = ada.prove("POST", "/logout", "");
    assertThat(gone.status()).isEqualTo(204);
    assertThat(gone.header("Set-Cookie")).contains("Max-Age=0");
    for (var node : List.of(one, other)) {
      await("the session has ended")
          .atMost(Patience.withinSeconds(2))
          .until(() -> ada.at(node).send("GET", "/me", "").status() == 401);
    }
    assertThat(Http.at(one.url()).post("/api/v1/logout", "").status()).isEqualTo(204);
  }

  @Test
  void pagesAskWhoIsSignedInAndAreAlwaysAnswered() {
    var nobody = Http.at(one.url()).get("/api/v1/session");
    assertThat(nobody.status()).isEqualTo(200);
    assertThat(nobody.body()).isEqualTo("{\"user\":null}");
    assertThat(
            Http.at(one.url()).get("/api/v1/session", "Cookie", "stitchd_session=ses_wrong").body())
        .isEqualTo("{\"user\":null}");
    var ada = signIn(EMAIL, PASSWORD);
    var session = ada.send("GET", "/session", "").json();
    assertThat(session.get("csrf").asString()).isEqualTo(ada.csrf());
    assertThat(session.get("tenant").asString()).isEqualTo("default");
    assertThat(session).isEqualTo(ada.send("GET", "/me", "").json());
  }

  @Test
  void anUnknownAddressIsAnsweredAsAWrongPassword() {
    var wrong = login(one, account("{\"role\":\"member\"}"), "wrong password");
    var unknown = login(one, UUID.randomUUID() + "@example.org", "wrong password");
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(unknown.status()).isEqualTo(401);
    assertThat(unknown.body()).isEqualTo(wrong.body());
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }

  @Test
  void guessesAreLimitedOverAllNodesAlsoWhenTheyComeAtOnce() throws Exception {
    var email = account("{\"role\":\"member\"}");
    try (var guessers = Executors.newFixedThreadPool(8)) {
      var answers = new java.util.ArrayList<Future<Integer>>();
      for (int i = 0; i < 24; i++) {
        var node = i % 2 == 0 ? one : other;
        answers.add(guessers.submit(() -> login(node, email, "wrong password").status()));
      }
      var statuses = new java.util.ArrayList<Integer>();
      for (var answer : answers) {
        statuses.add(answer.get());
      }
      assertThat(statuses).containsOnly(401, 429);
      assertThat(statuses.stream().filter(status -> status == 401)).hasSize(10);
    }
    var refused = login(one, email, PASSWORD);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 300);
    // Nobody who has a credential is kept out.
    assertThat(one.admin().send("GET", "/projects", "").status()).isEqualTo(200);
    StoreUrl.of(one.postgres())
        .query(
            "UPDATE login_attempts SET created_at = created_at - interval '5 minutes' RETURNING id");
    await().atMost(Patience.SOON).until(() -> login(one, email, PASSWORD).status() == 200);
  }

  @Test
  void rightPasswordsAreNotCounted() {
    for (int i = 0; i < 12; i++) {
      assertThat(login(one, EMAIL, PASSWORD).status()).isEqualTo(200);
    }
  }

  @Test
  void unusedAndOldSessionsEndAndTheOldestOfVeryManyDoes() {
    var email = account("{\"role\":\"member\"}");
    var idle = signIn(email, PASSWORD);
    StoreUrl.of(one.postgres())
        .query("UPDATE sessions SET used_at = now() - interval '13 hours' RETURNING id");
    assertThat(idle.send("GET", "/me", "").status()).isEqualTo(401);
    var old = signIn(email, PASSWORD);
    StoreUrl.of(one.postgres()).query("UPDATE sessions SET ends_at = now() RETURNING id");
    assertThat(old.send("GET", "/me", "").status()).isEqualTo(401);
    var first = signIn(email, PASSWORD);
    for (int i = 0; i < 20; i++) {
      signIn(email, PASSWORD);
    }
    await().atMost(Patience.SOON).until(() -> first.send("GET", "/me", "").status() == 401);
  }

  @Test
  void rolesThatChangeAreInForceAndEndNoSession() {
    one.admin().createProject("seen");
    var email = account("{\"role\":\"viewer\",\"project\":\"seen\"}");
    var somebody = signIn(email, PASSWORD);
    assertThat(somebody.send("GET", "/projects/seen", "").status()).isEqualTo(200);
    var id = user(email).get("id").asString();
    one.admin().send("PUT", "/users/" + id + "/roles", "{\"roles\":[{\"role\":\"member\"}]}");
    for (var node : List.of(one, other)) {
      await("the role is gone")
          .atMost(Patience.withinSeconds(2))
          .until(() -> somebody.at(node).send("GET", "/projects/seen", "").status() == 403);
    }
    assertThat(somebody.send("GET", "/me", "").status()).isEqualTo(200);
  }

  @Test
  void aPersonsTokensDoNoMoreThanThePersonAndEndWithTheAccount() {
    one.admin().createProject("mine");
    var email = account("{\"role\":\"editor\",\"project\":\"mine\"}");
    var somebody = signIn(email, PASSWORD);
    var made =
        somebody.prove(
            "POST",
            "/tokens",
            "{\"name\":\"t\",\"roles\":[{\"role\":\"editor\",\"project\":\"mine\"}]}");
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    var token = Admin.at(other.url(), made.json().get("token").asString());
    token.createFlag("mine", "f1");
    var id = user(email).get("id").asString();
    one.admin()
        .send(
            "PUT",
            "/users/" + id + "/roles",
            "{\"roles\":[{\"role\":\"viewer\",\"project\":\"mine\"}]}");
    await("the token lost what the person lost")
        .atMost(Patience.withinSeconds(2))
        .until(() -> token.send("GET", "/projects/mine", "").status() == 403);
    assertThat(one.admin().send("DELETE", "/users/" + id, "").status()).isEqualTo(204);
    await("the token ended with the account")
        .atMost(Patience.withinSeconds(2))
        .until(() -> token.send("GET", "/projects", "").status() == 401);
    assertThat(somebody.send("GET", "/me", "").status()).isEqualTo(401);
  }

  @Test
  void theLastOwnerStaysOneAndNobodyTakesMoreThanTheyHave() {
    var tenant = "t-" + UUID.randomUUID();
    one.admin().create("/tenants", "{\"key\":\"%s\",\"name\":\"T\"}".formatted(tenant));
    var store = StoreUrl.of(one.postgres());
    var ids = new java.util.ArrayList<String>();
    for (var i = 0; i < 2; i++) {
      ids.add(
          store
              .query(
                  "INSERT INTO users (tenant_id, email, name, password, created_by) SELECT t.id, '%s@example.org', 'O', u.password, 'test' FROM tenants t, users u WHERE t.key = '%s' AND u.email = '%s' RETURNING id"
                      .formatted(UUID.randomUUID(), tenant, EMAIL))
              .getFirst());
    }
    roles(tenant, ids.get(0), "owner", 200);
    roles(tenant, ids.get(0), "admin", 409);
    assertThat(
            one.admin()
                .send("DELETE", "/users/" + ids.get(0), "", "Stitchd-Tenant", tenant)
                .status())
        .isEqualTo(409);
    roles(tenant, ids.get(1), "owner", 200);
    var email = store.query("SELECT email FROM users WHERE id = '%s'".formatted(ids.get(1)));
    roles(tenant, ids.get(1), "admin", 200);
    var admin = signIn(email.getFirst(), PASSWORD);
    assertThat(
            admin
                .prove(
                    "PUT", "/users/" + ids.get(0) + "/roles", "{\"roles\":[{\"role\":\"member\"}]}")
                .status())
        .isEqualTo(403);
    assertThat(
            admin
                .prove(
                    "PUT", "/users/" + ids.get(1) + "/roles", "{\"roles\":[{\"role\":\"owner\"}]}")
                .status())
        .isEqualTo(403);
    assertThat(admin.send("GET", "/users/" + user(EMAIL).get("id").asString(), "").status())
        .isEqualTo(404);
  }

  private static void roles(String tenant, String user, String role, int status) {
    var answer =
        one.admin()
            .send(
                "PUT",
                "/users/" + user + "/roles",
                "{\"roles\":[{\"role\":\"%s\"}]}".formatted(role),
                "Stitchd-Tenant",
                tenant);
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
  }

  private static Http.Answer open(String path, String body) {
    return Http.at(other.url()).post("/api/v1" + path, body);
  }

  private static String token(JsonNode made) {
    return made.get("link").asString().split("#")[1];
  }

  @Test
  void anInvitationLetsInOnceWithItsRoles() {
    one.admin().createProject("joined");
    var email = UUID.randomUUID() + "@example.org";
    var body =
        "{\"email\":\"%s\",\"roles\":[{\"role\":\"viewer\",\"project\":\"joined\"}]}"
            .formatted(email);
    var first = one.admin().create("/invitations", body);
    var made = one.admin().create("/invitations", body);
    assertThat(made.get("link").asString()).startsWith(one.url() + "/join#");
    var listed = one.admin().get("/invitations?limit=200").toString();
    assertThat(listed).contains(made.get("id").asString()).doesNotContain(token(made));
    assertThat(listed).doesNotContain(first.get("id").asString());
    var join = "{\"token\":\"%s\",\"name\":\"Bob\",\"password\":\"wrong zebra charger clip\"}";
    assertThat(open("/invitations/accept", join.formatted(token(first))).status()).isEqualTo(404);
    assertThat(open("/invitations/accept", join.formatted("guess")).status()).isEqualTo(404);
    assertThat(
            open(
                    "/password/reset",
                    "{\"token\":\"%s\",\"password\":\"wrong zebra\"}".formatted(token(made)))
                .status())
        .isEqualTo(404);
    var weak =
        open(
            "/invitations/accept",
            "{\"token\":\"%s\",\"password\":\"short\"}".formatted(token(made)));
    assertThat(weak.status()).isEqualTo(422);
    assertThat(weak.json().get("errors").findValuesAsString("path"))
        .containsExactlyInAnyOrder("name", "password");
    var joined = open("/invitations/accept", join.formatted(token(made)));
    assertThat(joined.status()).as(joined.body()).isEqualTo(200);
    var bob = Browser.of(other, joined);
    assertThat(bob.send("GET", "/projects/joined", "").status()).isEqualTo(200);
    assertThat(bob.prove("POST", "/projects/joined/flags", "{}").status()).isEqualTo(403);
    assertThat(bob.prove("POST", "/invitations", body).status()).isEqualTo(403);
    assertThat(open("/invitations/accept", join.formatted(token(made))).status()).isEqualTo(404);
    assertThat(
            login(one, email.toUpperCase(java.util.Locale.ROOT), "wrong zebra charger clip")
                .status())
        .isEqualTo(200);
    var again = one.admin().create("/invitations", body);
    assertThat(open("/invitations/accept", join.formatted(token(again))).status()).isEqualTo(409);
    var back = one.admin().send("DELETE", "/invitations/" + again.get("id").asString(), "");
    assertThat(back.status()).isEqualTo(204);
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }

  @Test
  void aTenantComesWithAnInvitationOfItsOwner() {
    var key = "t-" + UUID.randomUUID();
    var email = UUID.randomUUID() + "@example.org";
    var body = "{\"key\":\"%s\",\"name\":\"T\",\"owner\":\"%s\"}";
    assertThat(one.admin().send("POST", "/tenants", body.formatted(key, "nobody")).status())
        .isEqualTo(422);
    assertThat(
            one.admin()
                .send("POST", "/tenants", body.formatted(key, email), "Idempotency-Key", "k")
                .status())
        .isEqualTo(400);
    var made = one.admin().create("/tenants", body.formatted(key, email));
    assertThat(made.get("owner").get("email").asString()).isEqualTo(email);
    var joined =
        open(
            "/invitations/accept",
            "{\"token\":\"%s\",\"name\":\"Eve\",\"password\":\"wrong zebra charger clip\"}"
                .formatted(token(made.get("owner"))));
    assertThat(joined.status()).as(joined.body()).isEqualTo(200);
    var eve = Browser.of(one, joined);
    assertThat(eve.send("GET", "/me", "").json().get("tenant").asString()).isEqualTo(key);
    assertThat(eve.prove("POST", "/projects", "{\"key\":\"own\",\"name\":\"Own\"}").status())
        .isEqualTo(201);
    assertThat(one.admin().get("/tenants/" + key).has("owner")).isFalse();
  }

  @Test
  void aLinkEndsWhenItsPersonIsGivenOtherRoles() {
    var email = account("{\"role\":\"member\"}");
    var path = "/users/" + user(email).get("id").asString();
    var made = one.admin().send("POST", path + "/password-reset", "").json();
    one.admin().send("PUT", path + "/roles", "{\"roles\":[{\"role\":\"admin\"}]}");
    assertThat(
            open(
                    "/password/reset",
                    "{\"token\":\"%s\",\"password\":\"wrong zebra charger clip\"}"
                        .formatted(token(made)))
                .status())
        .isEqualTo(404);
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }

  @Test
  void whoMayNoLongerIsRefusedAlsoWhenTheRequestBeganBefore() throws Exception {
    var email = account("{\"role\":\"admin\"}");
    var somebody = signIn(email, PASSWORD);
    var id = user(email).get("id").asString();
    var body = "{\"roles\":[{\"role\":\"admin\"}]}";
    try (var socket = new Socket("127.0.0.1", one.port())) {
      var out = socket.getOutputStream();
      out.write(
          ("PUT /api/v1/users/%s/roles HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nX-CSRF-Token: %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(
                      id,
                      somebody.cookie(),
                      somebody.csrf(),
                      body.length(),
                      body.substring(0, body.length() - 1)))
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      await().atMost(Patience.SOON).until(() -> somebody.send("GET", "/users", "").status() == 200);
      one.admin().send("PUT", "/users/" + id + "/roles", "{\"roles\":[{\"role\":\"member\"}]}");
      await().atMost(Patience.SOON).until(() -> somebody.send("GET", "/users", "").status() == 403);
      out.write('}');
      out.flush();
      var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 403");
    }
    assertThat(user(email).get("roles").findValuesAsString("role")).containsExactly("member");
  }

  @Test
  void whoIsSignedInIsSoInTheirOwnTenantWhateverElseIsSent() {
    var ada = signIn(EMAIL, PASSWORD);
    assertThat(
            ada.send("GET", "/session", "", "Stitchd-Tenant", "nowhere")
                .json()
                .get("tenant")
                .asString())
        .isEqualTo("default");
    var out =
        ada.send("POST", "/logout", "", "X-CSRF-Token", ada.csrf(), "Stitchd-Tenant", "nowhere");
    assertThat(out.status()).isEqualTo(204);
    assertThat(ada.prove("POST", "/logout", "").status()).isEqualTo(204);
    await().atMost(Patience.SOON).until(() -> ada.send("GET", "/me", "").status() == 401);
  }

  @Test
  void aFloodOfSignInsKeepsNobodyElseWaiting() throws Exception {
    try (var guessers = Executors.newFixedThreadPool(64)) {
      var answers = new java.util.ArrayList<Future<Integer>>();
      for (int i = 0; i < 400; i++) {
        answers.add(
            guessers.submit(() -> login(one, "nobody@example.org", "wrong password").status()));
      }
      for (int i = 0; i < 20; i++) {
        var begun = System.nanoTime();
        assertThat(one.admin().send("GET", "/projects", "").status()).isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
            .isLessThan(Patience.withinSeconds(3));
      }
      for (var answer : answers) {
        assertThat(answer.get()).isIn(401, 429, 503);
      }
    }
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
    await().atMost(Patience.SOON).until(() -> login(one, EMAIL, PASSWORD).status() == 200);
  }

  @Test
  void aLinkSetsANewPasswordOnceAndEndsAllSessions() {
    var email = account("{\"role\":\"member\"}");
    var somebody = signIn(email, PASSWORD);
    var path = "/users/" + user(email).get("id").asString() + "/password-reset";
    assertThat(somebody.prove("POST", path, "").status()).isEqualTo(403);
    var made = one.admin().send("POST", path, "").json();
    assertThat(one.admin().get("/invitations?limit=200").toString()).doesNotContain(email);
    var reset =
        "{\"token\":\"%s\",\"password\":\"wrong zebra charger clip\"}".formatted(token(made));
    assertThat(open("/password/reset", reset).status()).isEqualTo(204);
    await().atMost(Patience.SOON).until(() -> somebody.send("GET", "/me", "").status() == 401);
    assertThat(login(one, email, PASSWORD).status()).isEqualTo(401);
    assertThat(login(one, email, "wrong zebra charger clip").status()).isEqualTo(200);
    assertThat(open("/password/reset", reset).status()).isEqualTo(404);
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }

  @Test
  void whoSignedInIsInTheAuditLogAndNoSecretIs() {
    var email = account("{\"role\":\"member\"}");
    var somebody = signIn(email, PASSWORD);
    somebody.prove("POST", "/logout", "");
    var told = one.admin().get("/audit?limit=200&actor=" + email).get("items");
    assertThat(told.findValuesAsString("action")).containsExactly("user.logout", "user.login");
    assertThat(told.get(1).get("summary").asString())
        .isEqualTo("user %s: signed in, by %s".formatted(email, email));
    assertThat(told.get(1).get("actor").get("kind").asString()).isEqualTo("user");
    assertThat(told.toString())
        .doesNotContain(PASSWORD)
        .doesNotContain(somebody.cookie().substring(20, 40));
  }

  @Test
  void aNewPasswordEndsTheOtherSessions() {
    var email = account("{\"role\":\"member\"}");
    var here = signIn(email, PASSWORD);
    var there = signIn(email, PASSWORD);
    assertThat(
            here.prove("PUT", "/me/password", "{\"current\":\"wrong\",\"password\":\"short\"}")
                .status())
        .isEqualTo(422);
    assertThat(
            here.prove(
                    "PUT",
                    "/me/password",
                    "{\"current\":\"wrong\",\"password\":\"wrong zebra charger clip\"}")
                .status())
        .isEqualTo(403);
    assertThat(
            here.prove(
                    "PUT",
                    "/me/password",
                    "{\"current\":\"%s\",\"password\":\"wrong zebra charger clip\"}"
                        .formatted(PASSWORD))
                .status())
        .isEqualTo(204);
    await().atMost(Patience.SOON).until(() -> there.send("GET", "/me", "").status() == 401);
    assertThat(here.send("GET", "/me", "").status()).isEqualTo(200);
    assertThat(login(one, email, PASSWORD).status()).isEqualTo(401);
    assertThat(login(one, email, "wrong zebra charger clip").status()).isEqualTo(200);
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }
}
