package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.eatthepath.otp.TimeBasedOneTimePasswordGenerator;
import dev.stitchd.dev.Browser;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.security.InvalidKeyException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.util.encoders.Base32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// People sign in with a code of an authenticator app, on two nodes.
class SecondFactorIT {

  private static final String EMAIL = "ada@example.org";
  private static final String PASSWORD = "correct horse battery staple";
  private static final String OWN = "/me/second-factor";
  private static final String WITH_PASSWORD = "{\"password\":\"%s\"}".formatted(PASSWORD);
  private static final TimeBasedOneTimePasswordGenerator APP =
      new TimeBasedOneTimePasswordGenerator();

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

  @AfterEach
  void forgetAttempts() {
    StoreUrl.of(one.postgres()).query("DELETE FROM login_attempts RETURNING id");
  }

  /// A person with an app: codes are those of the moment in which it was set up, so that no test
  /// runs from one step into the next.
  private record Person(String email, String id, Browser session, byte[] secret, Instant at) {

    String code(int aside) {
      try {
        return APP.generateOneTimePasswordString(
            new SecretKeySpec(secret, "HmacSHA1"), at.plusSeconds(30L * aside));
      } catch (InvalidKeyException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Http.Answer login(Server node, String email, @Nullable String code) {
    return Browser.login(node, email, PASSWORD, code);
  }

  private static Browser signIn(String email, @Nullable String code) {
    return Browser.of(one, login(one, email, code));
  }

  private static String account(String role) {
    var email = UUID.randomUUID() + "@example.org";
    var id =
        StoreUrl.of(one.postgres())
            .query(
                "INSERT INTO users (tenant_id, email, name, password, created_by) SELECT tenant_id, '%s', 'Somebody', password, 'test' FROM users WHERE email = '%s' RETURNING id"
                    .formatted(email, EMAIL))
            .getFirst();
    one.admin().send("PUT", "/users/" + id + "/roles", "{\"roles\":[{\"role\":\"" + role + "\"}]}");
    return email;
  }

  private static String id(String email) {
    return StoreUrl.of(one.postgres())
        .query("SELECT id FROM users WHERE email = '" + email + "'")
        .getFirst();
  }

  private static Person begun(String role) {
    var email = account(role);
    var session = signIn(email, null);
    var made = session.prove("POST", OWN, WITH_PASSWORD);
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    var secret = made.json().get("secret").asString();
    assertThat(made.json().get("uri").asString())
        .isEqualTo("otpauth://totp/Stitchd:%s?secret=%s&issuer=Stitchd".formatted(email, secret));
    return new Person(email, id(email), session, Base32.decode(secret), earlyInAStep());
  }

  /// Confirmed with the code before the present one, so that two more can be used.
  private static Person confirmed(String role) {
    var person = begun(role);
    person.session().prove("PUT", OWN, "{\"code\":\"%s\"}".formatted(person.code(-1)), 204);
    return person;
  }

  private static Instant earlyInAStep() {
    await("a new step, if this one is nearly over")
        .atMost(Duration.ofSeconds(30))
        .until(() -> Instant.now().getEpochSecond() % 30 < 20);
    return Instant.now();
  }

  private static boolean hasFactor(String id) {
    return one.admin().get("/users/" + id).get("secondFactor").booleanValue();
  }

  @Test
  void aCodeIsAskedForOnceTheSecretIsConfirmed() {
    var person = begun("member");
    assertThat(hasFactor(person.id())).isFalse();
    var elsewhere = signIn(person.email(), null);
    person.session().prove("PUT", OWN, "{\"code\":\"12345x\"}", 403);
    person.session().prove("PUT", OWN, "{\"code\":\"%s\"}".formatted(person.code(-1)), 204);
    assertThat(hasFactor(person.id())).isTrue();
    await("other sessions ended")
        .atMost(Patience.withinSeconds(2))
        .until(() -> elsewhere.prove("GET", "/me", "").status() == 401);
    person.session().prove("GET", "/me", "", 200);

    var asked = login(other, person.email(), null);
    assertThat(asked.status()).isEqualTo(401);
    assertThat(asked.json().get("code").asString()).isEqualTo("second-factor-required");
    var code = person.code(0);
    assertThat(
            login(other, person.email(), code.substring(0, 3) + " " + code.substring(3)).status())
        .isEqualTo(200);
    assertThat(login(one, person.email(), person.code(1)).status()).isEqualTo(200);
  }

  @Test
  void aCodeServesOnce() {
    var person = confirmed("member");
    assertThat(login(one, person.email(), person.code(-1)).status()).isEqualTo(401);
    assertThat(login(one, person.email(), person.code(1)).status()).isEqualTo(200);
    assertThat(login(other, person.email(), person.code(1)).status()).isEqualTo(401);
    assertThat(login(other, person.email(), person.code(0)).status()).isEqualTo(401);
  }

  @Test
  void oneCodeAtOnceOnTwoNodesIsOneSession() throws Exception {
    var person = confirmed("member");
    var code = person.code(0);
    try (var people = Executors.newFixedThreadPool(8)) {
      var answers = new ArrayList<Future<Integer>>();
      for (int i = 0; i < 8; i++) {
        var node = i % 2 == 0 ? one : other;
        answers.add(people.submit(() -> login(node, person.email(), code).status()));
      }
      var statuses = new ArrayList<Integer>();
      for (var answer : answers) {
        statuses.add(answer.get());
      }
      assertThat(statuses).containsOnly(200, 401);
      assertThat(statuses.stream().filter(status -> status == 200)).hasSize(1);
    }
    assertThat(
            StoreUrl.of(one.postgres())
                .query("SELECT count(*) FROM sessions WHERE user_id = '" + person.id() + "'"))
        .containsExactly("2"); // and the one that set it up
  }

  @Test
  void wrongCodesCountAsWrongPasswordsAndNoneDoNot() {
    var person = confirmed("member");
    for (int i = 0; i < 12; i++) {
      assertThat(login(one, person.email(), null).json().get("code").asString())
          .isEqualTo("second-factor-required");
    }
    var wrongPassword = Browser.login(one, person.email(), "wrong password", null);
    var both = Browser.login(one, person.email(), "wrong password", person.code(0));
    var wrongCode = login(one, person.email(), "12345x");
    assertThat(wrongPassword.status()).isEqualTo(401);
    assertThat(both.body()).isEqualTo(wrongPassword.body());
    assertThat(wrongCode.body()).isEqualTo(wrongPassword.body());
    for (int i = 3; i < 10; i++) {
      assertThat(login(i % 2 == 0 ? one : other, person.email(), "12345x").status()).isEqualTo(401);
    }
    assertThat(login(other, person.email(), person.code(0)).status()).isEqualTo(429);
  }

  @Test
  void settingUpAndRemovingTakeThePasswordAndACode() {
    var person = begun("member");
    var session = person.session();
    session.prove("POST", OWN, "{\"password\":\"wrong password\"}", 403);
    session.prove("POST", OWN, "{}", 422);
    session.prove(
        "DELETE", OWN, "{\"password\":\"%s\",\"code\":\"123456\"}".formatted(PASSWORD), 404);
    session.prove("PUT", OWN, "{\"code\":\"%s\"}".formatted(person.code(-1)), 204);
    session.prove("POST", OWN, WITH_PASSWORD, 409);
    session.prove("PUT", OWN, "{\"code\":\"%s\"}".formatted(person.code(0)), 409);
    var removal = "{\"password\":\"%s\",\"code\":\"%s\"}";
    session.prove("DELETE", OWN, removal.formatted("wrong password", person.code(0)), 403);
    session.prove("DELETE", OWN, removal.formatted(PASSWORD, "12345x"), 403);
    session.prove("DELETE", OWN, removal.formatted(PASSWORD, person.code(-1)), 403);
    assertThat(hasFactor(person.id())).isTrue();
    session.prove("DELETE", OWN, removal.formatted(PASSWORD, person.code(0)), 204);
    assertThat(hasFactor(person.id())).isFalse();
    signIn(person.email(), null);
    session.prove("POST", OWN, WITH_PASSWORD, 201);
  }

  @Test
  void administratorsRemoveThoseOfPeopleWhoMayNoMoreThanThey() {
    var lost = confirmed("member");
    var owner = confirmed("owner");
    var admin = confirmed("admin");
    var path = "/users/%s/second-factor";
    lost.session().prove("DELETE", path.formatted(owner.id()), "", 403);
    admin.session().prove("DELETE", path.formatted(owner.id()), "", 403);
    admin.session().prove("DELETE", path.formatted(admin.id()), "", 403);
    admin.session().prove("DELETE", path.formatted(UUID.randomUUID()), "", 404);
    admin.session().prove("DELETE", path.formatted(lost.id()), "", 204);
    admin.session().prove("DELETE", path.formatted(lost.id()), "", 404);
    signIn(lost.email(), null);
    assertThat(hasFactor(owner.id())).isTrue();
    assertThat(one.admin().send("DELETE", path.formatted(owner.id()), "").status()).isEqualTo(204);
    one.admin().send("DELETE", "/users/" + owner.id(), "");
  }

  @Test
  void secretsAreKeptEncryptedForOneAccountAndAreNotInTheAuditLog() {
    var person = begun("member");
    var store = StoreUrl.of(one.postgres());
    var column = "SELECT %s FROM users WHERE id = '" + person.id() + "'";
    var pending = store.query(column.formatted("second_factor_pending")).getFirst();
    person.session().prove("PUT", OWN, "{\"code\":\"%s\"}".formatted(person.code(-1)), 204);
    var kept = store.query(column.formatted("second_factor")).getFirst();
    var secret = Base32.toBase32String(person.secret());
    assertThat(kept).isEqualTo(pending).doesNotContain(secret);

    var told = one.admin().get("/audit?limit=200&actor=" + person.email()).get("items");
    assertThat(told.findValuesAsString("action"))
        .containsExactly("user.second-factor.create", "user.second-factor.begin", "user.login");
    assertThat(told.get(0).get("summary").asString())
        .isEqualTo(
            "user second factor %s: created; secondFactor: false → true, by %s"
                .formatted(person.email(), person.email()));
    assertThat(told.get(0).get("resource").asString())
        .isEqualTo("/api/v1/users/" + person.id() + "/second-factor");
    assertThat(told.toString())
        .doesNotContain(secret)
        .doesNotContain(kept)
        .doesNotContain(person.code(-1));

    // A secret that was copied to another account opens nothing there.
    var thief = confirmed("member");
    store.query(
        "UPDATE users SET second_factor = '%s', second_factor_step = NULL WHERE id = '%s' RETURNING id"
            .formatted(kept, thief.id()));
    for (var code : List.of(person.code(0), thief.code(0))) {
      assertThat(login(one, thief.email(), code).status()).isEqualTo(401);
    }
  }
}
