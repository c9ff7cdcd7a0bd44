package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests that nobody sends by mistake: each gets a clear refusal, quickly, and breaks nothing.
class HostileRequestsIT {

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
  void nulInAPathIsNowhereAndInAQueryIsMalformed() {
    var flags = "/projects/" + project + "/flags";
    var softly = new SoftAssertions();
    for (var path :
        new String[] {
          "/projects/%00",
          "/projects/a%00b/flags",
          flags + "/x%00",
          flags + "/x/environments/%00",
          "/projects/" + project + "/environments/production/segments/%00",
          "/projects/" + project + "/environments/production/sdk-keys/%00",
          "/tenants/%00"
        }) {
      var method = path.contains("sdk-keys") ? "DELETE" : "GET";
      softly.assertThat(admin.send(method, path, "").status()).as(path).isEqualTo(404);
    }
    for (var query :
        new String[] {"?q=%00", "?tag=a%00", "?cursor=AA", "?cursor=%00", "?archived=maybe"}) {
      softly.assertThat(admin.send("GET", flags + query, "").status()).as(query).isEqualTo(400);
    }
    softly
        .assertThat(
            admin
                .send(
                    "GET",
                    "/projects/" + project + "/environments/production/stats/evaluations?flag=%00",
                    "")
                .status())
        .isEqualTo(400);
    softly.assertAll();
  }

  @Test
  void timesAtTheEndOfTimeAreMalformed() {
    var stats = "/projects/" + project + "/environments/production/stats/evaluations";
    var softly = new SoftAssertions();
    for (var query :
        new String[] {
          "?to=-999999999-01-01T00:00:00Z",
          "?from=-999999999-01-01T00:00:00Z&to=%2B999999999-12-31T00:00:00Z",
          "?interval=PT2562047788015215H30M7S",
          "?interval=PT999999999999999999H"
        }) {
      var answer = admin.send("GET", stats + query, "");
      softly.assertThat(answer.status()).as(query + answer.body()).isIn(400, 422);
    }
    softly.assertAll();
  }

  @Test
  void whatIsNoTimeZoneOrDoesNotFitItsDaysIsToldAtOnce() {
    var stats = "/projects/" + project + "/environments/production/stats/";
    var answer =
        admin.send(
            "GET", stats + "evaluations?timezone=Europe/Nowhere&from=2026-02-30&interval=P0D", "");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().get("errors").valueStream().map(e -> e.get("path").stringValue()))
        .containsExactlyInAnyOrder("timezone", "from", "interval");
    var softly = new SoftAssertions();
    for (var query :
        new String[] {
          "evaluations?timezone=Europe/Berlin&interval=PT7H",
          "evaluations?timezone=Europe/Berlin&interval=PT36H",
          "evaluations?timezone=%2B02:00",
          "evaluations?timezone=Europe/Berlin'",
          "evaluations?timezone=",
          "exposures?flag=a&timezone=Mars",
          "contexts?timezone=Mars"
        }) {
      softly.assertThat(admin.send("GET", stats + query, "").status()).as(query).isEqualTo(400);
    }
    for (var query :
        new String[] {
          "evaluations?timezone=UTC&interval=PT7H",
          "evaluations?timezone=Asia/Kolkata&interval=P7D&from=2026-01-01&to=2026-02-01",
          "evaluations?from=2026-01-01&to=2026-02-01&interval=PT15M&timezone=America/St_Johns",
          "exposures?flag=a&timezone=Asia/Tokyo&from=2026-01-01&to=2026-02-01",
        }) {
      softly.assertThat(admin.send("GET", stats + query, "").status()).as(query).isEqualTo(200);
    }
    softly.assertAll();
  }

  @Test
  void knownRoutesNameTheMethodsThatTheyHave() throws IOException {
    var softly = new SoftAssertions();
    var flags = "/projects/" + project + "/flags";
    var deleted = admin.send("DELETE", flags, "");
    softly.assertThat(deleted.status()).isEqualTo(405);
    softly.assertThat(deleted.header("Allow")).isEqualTo("GET, POST, HEAD");
    softly.assertThat(deleted.json().path("code").asString()).isEqualTo("method-not-allowed");
    softly.assertThat(admin.send("POST", flags + "/x/usages", "{}").status()).isEqualTo(405);
    softly.assertThat(admin.send("POST", "/nowhere", "{}").status()).isEqualTo(404);
    softly
        .assertThat(anonymous("DELETE /api/v1/projects HTTP/1.1\r\nHost: x\r\n"))
        .contains(" 401 ");
    for (var open : new String[] {"/health/live", "/openapi.json"}) {
      softly
          .assertThat(raw("POST " + open + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"))
          .contains(" 405 ")
          .containsIgnoringCase("allow: GET, HEAD");
    }
    softly.assertAll();
  }

  @Test
  void theHeadOfAnAnswerIsThatOfTheWhole() throws IOException {
    var softly = new SoftAssertions();
    for (var path : new String[] {"/health/ready", "/openapi.json"}) {
      var head = raw("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n");
      softly.assertThat(head).as(path).contains(" 200 ").endsWith("\r\n\r\n");
      softly.assertThat(head).containsIgnoringCase("content-length: ");
    }
    var flags = "/projects/" + project + "/flags";
    var head = admin.send("HEAD", flags, "");
    softly.assertThat(head.status()).isEqualTo(200);
    softly.assertThat(head.body()).isNullOrEmpty();
    softly.assertThat(anonymous("HEAD /api/v1/projects HTTP/1.1\r\nHost: x\r\n")).contains(" 401 ");
    softly.assertThat(raw("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n")).contains(" 404 ");
    softly.assertAll();
  }

  @Test
  void slashesAtTheBeginningOfAPathAreOneOnEveryRoute() throws IOException {
    var softly = new SoftAssertions();
    for (var path : new String[] {"//health/live", "///health/live?x=1", "//openapi.json"}) {
      softly.assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: x\r\n")).as(path).contains(" 200 ");
    }
    for (var path :
        new String[] {
          "//api/v1/projects", "//metrics", "//sdk/v1/config", "//ofrep/v1/evaluate/flags"
        }) {
      softly
          .assertThat(anonymous("GET " + path + " HTTP/1.1\r\nHost: x\r\n"))
          .as(path)
          .contains(" 401 ");
    }
    softly.assertAll();
  }

  @Test
  void headersThatCannotBeReadAreRefused() {
    var flags = "/projects/" + project + "/flags";
    var softly = new SoftAssertions();
    softly
        .assertThat(admin.send("POST", flags, "{}", "Content-Type", "nonsense").status())
        .isEqualTo(415);
    softly
        .assertThat(admin.send("POST", flags, "{}", "Content-Type", "a/b/c;d").status())
        .isEqualTo(415);
    softly
        .assertThat(admin.send("POST", flags, "{}", "Content-Encoding", "gzip").status())
        .isEqualTo(415);
    softly
        .assertThat(admin.send("POST", flags, "{}", "Idempotency-Key", "k".repeat(201)).status())
        .isEqualTo(400);
    softly
        .assertThat(admin.send("GET", flags, "", "Accept", "nonsense").status())
        .as("what an answer would be accepted as is not asked")
        .isIn(200, 406);
    softly
        .assertThat(admin.send("GET", flags, "", "Stitchd-Tenant", "é".repeat(300)).status())
        .isEqualTo(404);
    softly.assertAll();
  }

  @Test
  void pathsThatCannotBeReadAreRefusedAsProblems() throws IOException {
    var softly = new SoftAssertions();
    for (var path :
        new String[] {
          "/api/v1/projects/%zz",
          "/api/v1/projects/%",
          "/api/v1/projects?q=%zz",
          "/api/v1/projects/" + "k".repeat(3_000),
          "/api/v1/projects/%ff%fe",
          "/api/v1/projects/" + "%ED%A0%80"
        }) {
      var answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\n");
      softly.assertThat(answer).as(path).matches("(?s)HTTP/1.1 4(00|04|14) .*");
      softly.assertThat(answer).as(path).contains("problem+json");
    }
    softly
        .assertThat(raw("GET /api/v1/projects/" + "k".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n"))
        .matches("(?s)HTTP/1.1 4.*");
    softly
        .assertThat(
            raw("GET /api/v1/projects HTTP/1.1\r\nHost: x\r\nA: " + "b".repeat(100_000) + "\r\n"))
        .matches("(?s)HTTP/1.1 4.*");
    softly.assertAll();
  }

  @Test
  void addressesThatAreNoneAreRefusedAsProblemsWhoeverAsks() throws IOException {
    var softly = new SoftAssertions();
    try (var log = LogLines.open()) {
      for (var address :
          new String[] {
            "\\sdk/v1/config",
            "\\",
            "|",
            "^/sdk/v1/config",
            "%zz",
            "{",
            "[::1",
            "//[",
            "/[",
            "http://[::1/x",
            "http://\\/sdk/v1/config",
            "http://h/\\",
            "http://h/%zz",
            "sdk/v1/config",
            "?x=\\",
            "/sdk/v1/config?x=\\",
            "example.com:80",
            "/\u007f"
          }) {
        for (var method : new String[] {"GET", "POST", "OPTIONS", "CONNECT"}) {
          var answer = anonymous(method + " " + address + " HTTP/1.1\r\nHost: x\r\n");
          softly.assertThat(answer).as(method + " " + address).startsWith("HTTP/1.1 400 ");
          softly.assertThat(answer).as(method + " " + address).contains("problem+json");
        }
        softly.assertThat(log.with(address.replace("http://", ""))).as(address).isZero();
      }
      for (var line :
          new String[] {"GET", "\u0000\u0001", "GET /x", "GET /x HTTP/x", "G\u0000T /x HTTP/1.1"}) {
        softly.assertThat(anonymous(line + "\r\nHost: x\r\n")).as(line).startsWith("HTTP/1.1 400 ");
      }
      softly.assertThat(anonymous("OPTIONS * HTTP/1.1\r\nHost: x\r\n")).doesNotContain(" 500 ");
      softly.assertThat(log.lines()).noneMatch(line -> line.contains("Error starting response"));
    }
    softly.assertAll();
  }

  @Test
  @Timeout(60)
  void numbersThatNoDoubleHoldsAreRefusedAtOnce() {
    var flags = "/projects/" + project + "/flags";
    var softly = new SoftAssertions();
    for (var number :
        new String[] {
          "1e400", "-1e400", "1e1000000000", "1e-1000000000", "1e99999999999999999999"
        }) {
      for (var type : new String[] {"integer", "number"}) {
        var answer =
            admin.send(
                "POST",
                flags,
                "{\"key\":\"k\",\"name\":\"k\",\"type\":\"%s\",\"variants\":{\"a\":%s}}"
                    .formatted(type, number));
        if (!(number.contains("-1000") && answer.status() == 201)) {
          softly.assertThat(answer.status()).as(number + " " + type + answer.body()).isIn(400, 422);
        }
        admin.send("DELETE", flags + "/k", "", "If-Match", "*");
      }
      if (!number.contains("e-")) {
        var answer =
            admin.send(
                "POST",
                flags,
                "{\"key\":\"j\",\"name\":\"j\",\"type\":\"json\",\"variants\":{\"a\":{\"n\":[%s]}}}"
                    .formatted(number));
        softly.assertThat(answer.status()).as(number + " json" + answer.body()).isIn(400, 422);
      }
    }
    flag("f");
    for (var rule :
        new String[] {
          "{\"attribute\":\"a\",\"op\":\"lessThan\",\"values\":[1e400]}",
          "{\"attribute\":\"a\",\"op\":\"equals\",\"values\":[1e400]}",
          "{\"attribute\":\"a\",\"op\":\"equals\",\"values\":[1e1000000000]}",
          "{\"attribute\":\"a\",\"op\":\"after\",\"values\":[1e1000000000]}"
        }) {
      var answer =
          admin.send(
              "PATCH",
              targetingPath("f"),
              "{\"rules\":[{\"id\":\"r\",\"when\":" + rule + ",\"serve\":{\"variant\":\"on\"}}]}");
      softly.assertThat(answer.status()).as(rule + answer.body()).isIn(400, 422);
    }
    for (var weight : new String[] {"1e1000000000", "1e-1000000000", "5e-324", "1e308"}) {
      var answer =
          admin.send(
              "PATCH",
              targetingPath("f"),
              "{\"default\":{\"variant\":null,\"rollout\":{\"weights\":{\"on\":%s,\"off\":100}}}}"
                  .formatted(weight));
      softly.assertThat(answer.status()).as(weight + answer.body()).isIn(200, 400, 422);
    }
    softly.assertAll();
  }

  @Test
  void aValueAsDeepAsBodiesMayBeCanBeReadAgainEverywhere() {
    var key = admin.createSdkKey(project, "production", "server");
    int deepest = 0;
    for (int depth : new int[] {480, 490, 494, 495, 496, 497, 498, 499}) {
      var value = "[".repeat(depth) + "]".repeat(depth);
      var made =
          admin.send(
              "POST",
              "/projects/" + project + "/flags",
              "{\"key\":\"d%d\",\"name\":\"d\",\"type\":\"json\",\"variants\":{\"a\":%s}}"
                  .formatted(depth, value),
              "Idempotency-Key",
              project + depth);
      assertThat(made.status()).as(depth + ": " + made.body()).isIn(201, 400, 422);
      deepest = made.status() == 201 ? depth : deepest;
    }
    assertThat(deepest).isPositive();
    assertThat(admin.send("GET", "/projects/" + project + "/flags", "").status()).isEqualTo(200);
    var config = server.http().get("/sdk/v1/config", "Authorization", "Bearer " + key);
    assertThat(config.status()).as(config.body()).isEqualTo(200);
    assertThat(config.body()).contains("\"d" + deepest + "\"");
  }

  @Test
  @Timeout(60)
  void aLongNameAboveManyValuesCostsNoMoreThanItsBytes() {
    var start = System.nanoTime();
    var body = "{\"" + "k".repeat(45_000) + "\":[" + "0,".repeat(450_000) + "0]}";
    var answer = admin.send("POST", "/projects", body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Patience.withinSeconds(3));
  }

  @Test
  void nullStandsForAbsentAndIsNotAcceptedWhereSomethingIsRequired() {
    var softly = new SoftAssertions();
    for (var body :
        new String[] {
          "{\"key\":null,\"name\":\"x\",\"type\":\"boolean\"}",
          "{\"key\":\"x\",\"name\":null,\"type\":\"boolean\"}",
          "{\"key\":\"x\",\"name\":\"x\",\"type\":null}",
          "{\"key\":1,\"name\":\"x\",\"type\":\"boolean\"}",
          "{\"key\":\"x\",\"name\":[],\"type\":\"boolean\"}",
          "{\"key\":\"x\",\"name\":\"x\",\"type\":\"string\",\"variants\":null}",
          "{\"key\":\"x\",\"name\":\"x\",\"type\":\"string\",\"variants\":{\"a\":null}}",
          "{\"key\":\"x\",\"name\":\"x\",\"type\":\"string\",\"variants\":{}}",
          "{\"key\":\"x\",\"name\":\"x\",\"type\":\"boolean\",\"tags\":[null]}",
          "{\"key\":\"" + "k".repeat(101) + "\",\"name\":\"x\",\"type\":\"boolean\"}",
          "null",
          "\"text\"",
          "1"
        }) {
      var answer = admin.send("POST", "/projects/" + project + "/flags", body);
      softly.assertThat(answer.status()).as(body + answer.body()).isIn(400, 422);
    }
    flag("f");
    for (var patch :
        new String[] {
          "null", "[]", "{\"name\":null}", "{\"key\":\"other\"}", "{\"type\":\"string\"}"
        }) {
      var answer = admin.send("PATCH", "/projects/" + project + "/flags/f", patch);
      softly.assertThat(answer.status()).as(patch + answer.body()).isIn(400, 422);
    }
    for (var patch :
        new String[] {
          "{\"enabled\":null}", "{\"default\":null}", "{\"offVariant\":null}", "{\"rules\":{}}"
        }) {
      var answer = admin.send("PATCH", targetingPath("f"), patch);
      softly.assertThat(answer.status()).as(patch + answer.body()).isIn(400, 422);
    }
    softly.assertAll();
  }

  @Test
  void anArchivedFlagComesBackOnlyIfItStillMakesSense() {
    admin.createFlagFrom(
        project,
        "{\"key\":\"f\",\"name\":\"f\",\"type\":\"string\",\"variants\":{\"a\":\"A\",\"b\":\"B\"}}");
    var path = "/projects/" + project + "/flags/f";
    admin.serve(project, "f", "production", "b");
    assertThat(admin.send("PATCH", path, "{\"archived\":true}").status()).isEqualTo(200);
    var removed = admin.send("PATCH", path, "{\"variants\":{\"b\":null}}");
    assertThat(removed.status()).as(removed.body()).isIn(200, 422);
    if (removed.status() == 200) {
      var back = admin.send("PATCH", path, "{\"archived\":false}");
      assertThat(back.status()).as(back.body()).isEqualTo(422);
      assertThat(back.body()).contains("production");
    }
    assertThat(admin.send("GET", targetingPath("f"), "").status()).isEqualTo(200);
  }

  @Test
  void aRefusalThatComesFromAnEnvironmentNamesIt() {
    admin.createEnvironment(project, "staging");
    admin.createFlagFrom(
        project,
        "{\"key\":\"f\",\"name\":\"f\",\"type\":\"string\",\"variants\":{\"a\":\"A\",\"b\":\"B\"}}");
    admin.serve(project, "f", "staging", "b");
    var answer =
        admin.send("PATCH", "/projects/" + project + "/flags/f", "{\"variants\":{\"b\":null}}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(answer.body()).contains("staging");
  }

  @Test
  void aTenantThatIsGoneIsNotFoundEvenWhileItIsStillRemembered() {
    var tenant = "t-" + UUID.randomUUID();
    admin.send("POST", "/tenants", "{\"key\":\"" + tenant + "\",\"name\":\"T\"}");
    assertThat(admin.send("GET", "/projects", "", "Stitchd-Tenant", tenant).status())
        .isEqualTo(200);
    assertThat(admin.send("DELETE", "/tenants/" + tenant, "", "If-Match", "*").status())
        .isEqualTo(204);
    var late =
        admin.send("POST", "/projects", "{\"key\":\"p\",\"name\":\"P\"}", "Stitchd-Tenant", tenant);
    assertThat(late.status()).as(late.body()).isEqualTo(404);
  }

  @Test
  void creatingATenantTwiceWithOneIdempotencyKeyCreatesOnce() {
    var tenant = "t-" + UUID.randomUUID();
    var body = "{\"key\":\"" + tenant + "\",\"name\":\"T\"}";
    var first = admin.send("POST", "/tenants", body, "Idempotency-Key", tenant);
    var second = admin.send("POST", "/tenants", body, "Idempotency-Key", tenant);
    assertThat(first.status()).as(first.body()).isEqualTo(201);
    assertThat(second.status()).as(second.body()).isEqualTo(201);
    assertThat(second.json()).isEqualTo(first.json());
  }

  @Test
  void oneSdkKeyCanBeReadAndRevokingItAgainChangesNothing() {
    var keys = "/projects/" + project + "/environments/production/sdk-keys";
    var made = admin.send("POST", keys, "{\"name\":\"backend\",\"kind\":\"server\"}");
    var one = keys + "/" + made.json().get("id").stringValue();
    assertThat(made.header("Location")).isEqualTo("/api/v1" + one);
    assertThat(admin.send("DELETE", one + "?force=true", "").status()).isEqualTo(204);
    var revoked = admin.send("GET", one, "");
    assertThat(revoked.status()).as(revoked.body()).isEqualTo(200);
    assertThat(revoked.body()).contains("revokedAt").doesNotContain("sdk_srv_");
    assertThat(admin.send("DELETE", one, "").status()).isEqualTo(204);
    assertThat(admin.get(one)).isEqualTo(revoked.json());
  }

  @Test
  void integersAndNumbersStayDistinctInWhatSdksGet() {
    var key = admin.createSdkKey(project, "production", "server");
    admin.createFlagFrom(
        project,
        "{\"key\":\"n\",\"name\":\"n\",\"type\":\"number\",\"variants\":{\"a\":10,\"b\":10000000,\"c\":1e20,\"d\":1e-9}}");
    var config = server.http().get("/sdk/v1/config", "Authorization", "Bearer " + key);
    assertThat(config.status()).as(config.body()).isEqualTo(200);
    assertThat(config.json().at("/flags/n/variants").toString())
        .matches("\\{\"a\":10\\.0,\"b\":1(0000000)?\\.0(E7)?,\"c\":1(0{20})?\\.0(E20)?,.*");
  }

  private void flag(String key) {
    admin.createFlag(project, key);
  }

  private String targetingPath(String flag) {
    return "/projects/" + project + "/flags/" + flag + "/environments/production";
  }

  private static String raw(String head) throws IOException {
    return anonymous(head + "Authorization: Bearer " + Server.TOKEN + "\r\n");
  }

  private static String anonymous(String head) throws IOException {
    try (var socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(10_000);
      var request = head + "Connection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (java.net.SocketException e) {
      return "HTTP/1.1 4 the connection was cut: " + e;
    }
  }
}
