package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// The management plane as people and CI use it: over HTTP, on real stores.
class ManagementIT {

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
  void everyAnswerSaysTheIdOfItsRequest() {
    var named = admin.send("GET", "/projects", "", "X-Request-Id", "ci-run_47.1");
    assertThat(named.header("X-Request-Id")).isEqualTo("ci-run_47.1");
    var made = admin.send("GET", "/projects/nothing", "", "X-Request-Id", "two words");
    assertThat(made.status()).isEqualTo(404);
    assertThat(UUID.fromString(made.header("X-Request-Id")).version()).isEqualTo(7);
    var refused = server.http().send("GET", "/api/v1/projects", "", "X-Request-Id", "x");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.header("X-Request-Id")).isEqualTo("x");
  }

  @Test
  void aNewFlagIsOffInEveryEnvironmentAndTellsItsRevisions() {
    admin.createEnvironment(project, "staging");
    var answer =
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"checkout\",\"name\":\"Checkout\",\"type\":\"boolean\"}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    assertThat(answer.header("Stitchd-Revision")).isEqualTo("production=2, staging=2");
    assertThat(answer.header("ETag")).isEqualTo("\"1\"");
    assertThat(answer.header("Location"))
        .isEqualTo("/api/v1/projects/" + project + "/flags/checkout");
    assertThat(answer.json().get("variants").toString()).isEqualTo("{\"on\":true,\"off\":false}");
    var targeting = admin.get("/projects/" + project + "/flags/checkout/environments/staging");
    assertThat(targeting.get("enabled").booleanValue()).isFalse();
    assertThat(targeting.get("offVariant").stringValue()).isEqualTo("off");
    assertThat(targeting.get("default").toString()).isEqualTo("{\"variant\":\"off\"}");
  }

  @Test
  void whatHardlyWasMeantIsSavedAndWarnedOf() {
    flag("warned", "\"type\":\"boolean\"");
    var path = "/projects/" + project + "/flags/warned/environments/production";
    var rule = "{\"rules\":[{\"id\":\"r\",\"when\":{\"all\":[]},\"serve\":{\"variant\":\"on\"}}]}";
    var warned = admin.send("PATCH", path, rule);
    assertThat(warned.status()).as(warned.body()).isEqualTo(200);
    var warnings = warned.json().path("warnings");
    assertThat(warnings.size()).isEqualTo(1);
    assertThat(warnings.get(0).path("path").asString()).isEqualTo("rules[0].when.all");
    assertThat(admin.get(path).has("warnings")).isFalse();
    var back = admin.send("PUT", path, warned.body(), "If-Match", "*");
    assertThat(back.status()).as(back.body()).isEqualTo(200);
    var preview =
        admin.send(
            "POST",
            "/projects/" + project + "/environments/production/evaluate",
            "{\"flag\":\"warned\"}");
    assertThat(preview.json().path("warnings")).isEqualTo(warnings);
    assertThat(admin.send("PATCH", path, "{\"rules\":[]}").json().has("warnings")).isFalse();
  }

  @Test
  void whatKeepsAFlagOutOfFlagSetsStandsOnItsTargeting() {
    flag("pattern", "\"type\":\"boolean\"");
    var path = "/projects/" + project + "/flags/pattern/environments/production";
    var rule =
        "{\"enabled\":true,\"rules\":[{\"id\":\"r\",\"when\":{\"attribute\":\"email\",\"op\":\"matches\",\"values\":[\"x\"]},\"serve\":{\"variant\":\"on\"}}]}";
    assertThat(admin.send("PATCH", path, rule).status()).isEqualTo(200);

    var warned = admin.get(path);

    assertThat(warned.path("warnings").toString())
        .isEqualTo(
            "[{\"code\":\"not-in-flagd-sync\",\"path\":\"rules[0].when\",\"message\":\"not in flag sets for flagd's providers: flagd has nothing like the operator matches\"}]");
    var back = admin.send("PUT", path, warned.toString(), "If-Match", "*");
    assertThat(back.status()).as(back.body()).isEqualTo(200);
    assertThat(admin.patch(path, "{\"rules\":[]}").has("warnings")).isFalse();
    assertThat(admin.get(path).has("warnings")).isFalse();
  }

  @Test
  void aPatchGoesIntoJsonVariantsAndSaysWhatItDrops() {
    flag("tree", "\"type\":\"json\",\"variants\":{\"a\":{\"x\":1,\"y\":2}}");
    var path = "/projects/" + project + "/flags/tree";
    var patched =
        admin.send("PATCH", path, "{\"variants\":{\"a\":{\"y\":null,\"z\":{\"n\":null}}}}");
    assertThat(patched.status()).as(patched.body()).isEqualTo(200);
    assertThat(patched.json().at("/variants/a")).hasToString("{\"x\":1,\"z\":{}}");
    assertThat(patched.json().path("warnings").findValuesAsString("path"))
        .containsExactly("variants.a.y", "variants.a.z.n");
    assertThat(admin.send("PATCH", path, "{\"variants\":{\"a\":{\"x\":2}}}").json().has("warnings"))
        .isFalse();
  }

  @Test
  void keysMayHaveCapitalsAndDifferByMoreThanThem() {
    flag("newCheckout", "\"type\":\"string\",\"variants\":{\"planA\":\"a\",\"planB\":\"b\"}");
    assertThat(variants("newCheckout")).isEqualTo("{\"planA\":\"a\",\"planB\":\"b\"}");
    var taken =
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"newcheckout\",\"name\":\"New\",\"type\":\"boolean\"}");
    assertThat(taken.status()).isEqualTo(409);
    assertThat(taken.json().path("code").asString()).isEqualTo("key-taken");
    assertThat(
            admin
                .send("POST", "/projects", "{\"key\":\"Capital\",\"name\":\"Capital\"}")
                .json()
                .path("errors")
                .findValuesAsString("path"))
        .containsExactly("key");
  }

  @Test
  void flagsOfAllFiveTypesKeepTheirValuesExactly() {
    flag("b", "\"type\":\"boolean\"");
    flag("s", "\"type\":\"string\",\"variants\":{\"a\":\"ünïcødé 🎉\",\"b\":\"\"}");
    flag(
        "i",
        "\"type\":\"integer\",\"variants\":{\"max\":9007199254740991,\"min\":-9007199254740991}");
    flag("n", "\"type\":\"number\",\"variants\":{\"ten\":10,\"tenth\":0.1,\"huge\":1e21}");
    flag("j", "\"type\":\"json\",\"variants\":{\"o\":{\"a\":[1,2.5,null]},\"l\":[]}");
    assertThat(variants("s")).isEqualTo("{\"a\":\"ünïcødé 🎉\",\"b\":\"\"}");
    assertThat(variants("i")).isEqualTo("{\"max\":9007199254740991,\"min\":-9007199254740991}");
    assertThat(variants("n")).isEqualTo("{\"ten\":10.0,\"tenth\":0.1,\"huge\":1.0E21}");
    assertThat(variants("j")).isEqualTo("{\"o\":{\"a\":[1,2.5,null]},\"l\":[]}");
  }

  @Test
  void whatWasReadCanBeWrittenBack() {
    flag("checkout", "\"type\":\"boolean\"");
    segment("beta", "{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"beta\"]}");
    var path = targetingPath("checkout");
    var full =
        """
        {"enabled":true,"offVariant":"off","targets":[{"contextType":"user","variant":"on","keys":["qa-1"]}],"prerequisites":[],
         "rules":[{"id":"beta","description":"beta testers","when":{"segment":"beta"},"serve":{"variant":"on"}},
                  {"id":"eu","when":{"all":[{"attribute":"country","op":"in","values":["DE","FR"]},{"not":{"attribute":"plan","op":"equals","values":["free"]}}]},
                   "serve":{"rollout":{"bucketBy":"targetingKey","weights":{"on":10,"off":90}}}}],
         "default":{"variant":"off"}}
        """;
    var written = admin.send("PUT", path, full, "If-Match", "\"1\"");
    assertThat(written.status()).as(written.body()).isEqualTo(200);
    assertThat(
            written.json().get("rules").get(1).get("serve").get("rollout").get("slots").toString())
        .isEqualTo("[[\"on\",10000],[\"off\",90000]]");
    var read = admin.get(path);
    var again = admin.send("PUT", path, read.toString(), "If-Match", "\"2\"");
    assertThat(again.status()).as(again.body()).isEqualTo(200);
    assertThat(again.json().get("rules")).isEqualTo(read.get("rules"));

    var flagPath = "/projects/" + project + "/flags/checkout";
    assertThat(
            admin.send("PUT", flagPath, admin.get(flagPath).toString(), "If-Match", "*").status())
        .isEqualTo(200);
    var segmentPath = "/projects/" + project + "/environments/production/segments/beta";
    assertThat(
            admin
                .send("PUT", segmentPath, admin.get(segmentPath).toString(), "If-Match", "*")
                .status())
        .isEqualTo(200);
    var environmentPath = "/projects/" + project + "/environments/production";
    assertThat(
            admin
                .send(
                    "PUT", environmentPath, admin.get(environmentPath).toString(), "If-Match", "*")
                .status())
        .isEqualTo(200);
  }

  @Test
  void reweightingMovesAsFewAsPossibleAndSaysHowMany() {
    flag("checkout", "\"type\":\"string\",\"variants\":{\"a\":\"A\",\"b\":\"B\",\"c\":\"C\"}");
    var path = targetingPath("checkout");
    var first =
        admin.send(
            "PATCH",
            path,
            "{\"enabled\":true,\"default\":{\"variant\":null,\"rollout\":{\"weights\":{\"a\":50,\"b\":30,\"c\":20}}}}");
    assertThat(first.status()).as(first.body()).isEqualTo(200);
    var salt = first.json().at("/default/rollout/salt").stringValue();
    var second =
        admin.send(
            "PATCH",
            path,
            "{\"default\":{\"rollout\":{\"weights\":{\"a\":40,\"b\":30,\"c\":30}}}}");
    assertThat(second.status()).as(second.body()).isEqualTo(200);
    assertThat(second.header("Stitchd-Moved")).isEqualTo("default=10000");
    assertThat(second.json().at("/default/rollout/salt").stringValue()).isEqualTo(salt);
    var reshuffled = admin.send("PATCH", path, "{\"default\":{\"rollout\":{\"reshuffle\":true}}}");
    assertThat(reshuffled.status()).as(reshuffled.body()).isEqualTo(200);
    assertThat(reshuffled.json().at("/default/rollout/salt").stringValue()).isNotEqualTo(salt);
  }

  @Test
  void everyErrorOfARequestIsToldAtOnceAndNothingChanges() {
    flag("checkout", "\"type\":\"boolean\"");
    var before = admin.get(targetingPath("checkout"));
    var answer =
        admin.send(
            "PUT",
            targetingPath("checkout"),
            """
            {"enabled":true,"offVariant":"of",
             "rules":[{"id":"r","when":{"attribute":"a","op":"isn't","values":["x"]},"serve":{"variant":"on"}},
                      {"id":"r","when":{"all":[]},"serve":{"rollout":{"weights":{"on":10,"off":80}}}}],
             "default":{"variant":"maybe"}}
            """,
            "If-Match",
            "\"1\"");
    assertProblem(answer, 422, "invalid");
    assertThat(answer.json().get("errors").toString())
        .contains(
            "offVariant",
            "rules[0].when.op",
            "unknown operator 'isn't'",
            "rules[1].id",
            "rules[1].serve.rollout",
            "default");
    assertThat(admin.get(targetingPath("checkout"))).isEqualTo(before);
  }

  @Test
  void unknownFieldsAreRefusedWithTheirPath() {
    var answer =
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"x\",\"name\":\"X\",\"type\":\"boolean\",\"clientVisble\":true}");
    assertProblem(answer, 400, "malformed");
    assertThat(answer.json().get("errors").get(0).get("path").stringValue())
        .isEqualTo("clientVisble");
  }

  @Test
  void aVariantOfAnotherTypeIsRefused() {
    var answer =
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"x\",\"name\":\"X\",\"type\":\"integer\",\"variants\":{\"a\":1,\"b\":\"two\",\"c\":1.5}}");
    assertProblem(answer, 422, "invalid");
    assertThat(answer.json().get("errors").toString())
        .contains("variants.b", "variants.c")
        .doesNotContain("variants.a");
  }

  @Test
  void prerequisiteCyclesAndUnknownFlagsAreRefusedWithThePath() {
    flag("a", "\"type\":\"boolean\"");
    flag("b", "\"type\":\"boolean\"");
    assertThat(
            admin
                .send(
                    "PATCH",
                    targetingPath("a"),
                    "{\"prerequisites\":[{\"flag\":\"b\",\"variants\":[\"on\"]}]}")
                .status())
        .isEqualTo(200);
    var cycle =
        admin.send(
            "PATCH",
            targetingPath("b"),
            "{\"prerequisites\":[{\"flag\":\"a\",\"variants\":[\"on\"]}]}");
    assertProblem(cycle, 422, "invalid");
    assertThat(cycle.body()).contains("→");
    var unknown =
        admin.send(
            "PATCH",
            targetingPath("b"),
            "{\"rules\":[{\"id\":\"r\",\"when\":{\"flag\":\"nobody\",\"variants\":[\"on\"]},\"serve\":{\"variant\":\"on\"}}]}");
    assertProblem(unknown, 422, "invalid");
    assertThat(unknown.body()).contains("nobody", "rules[0].when");
  }

  @Test
  void deeplyNestedConditionsAreRefused() {
    flag("deep", "\"type\":\"boolean\"");
    var condition =
        "{\"not\":".repeat(200) + "{\"attribute\":\"a\",\"op\":\"exists\"}" + "}".repeat(200);
    var answer =
        admin.send(
            "PATCH",
            targetingPath("deep"),
            "{\"rules\":[{\"id\":\"r\",\"when\":"
                + condition
                + ",\"serve\":{\"variant\":\"on\"}}]}");
    assertProblem(answer, 422, "invalid");
    var deeper = "{\"not\":".repeat(100_000) + "{}" + "}".repeat(100_000);
    assertProblem(admin.send("PATCH", targetingPath("deep"), deeper), 400, "malformed");
  }

  @Test
  void bodiesThatCannotBeReadAreRefusedClearly() {
    var flags = "/projects/" + project + "/flags";
    assertProblem(admin.send("POST", flags, "{\"key\":"), 400, "malformed");
    assertProblem(admin.send("POST", flags, "[1,2]"), 400, "malformed");
    assertProblem(admin.send("POST", flags, "{\"key\":\"a\",\"key\":\"b\"}"), 400, "malformed");
    assertProblem(admin.send("POST", flags, "{\"key\":\"a\\u0000\"}"), 400, "malformed");
    assertProblem(admin.send("POST", flags, "x".repeat(10 << 20)), 413, "too-large");
    assertProblem(
        admin.send("POST", flags, "a=b", "Content-Type", "text/plain"),
        415,
        "unsupported-media-type");
  }

  @Test
  void brokenUtf8IsRefused() throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(java.net.URI.create(server.url() + "/api/v1/projects"))
            .header("Authorization", "Bearer " + Server.TOKEN)
            .header("Content-Type", "application/json")
            .POST(
                java.net.http.HttpRequest.BodyPublishers.ofByteArray(
                    new byte[] {'{', '"', (byte) 0xC3, (byte) 0x28, '"', ':', '1', '}'}))
            .build();
    var answer =
        java.net.http.HttpClient.newHttpClient()
            .send(request, java.net.http.HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(answer.body()).contains("\"code\":\"malformed\"");
  }

  @Test
  void writesNeedTheVersionTheyWereMadeAgainst() {
    flag("checkout", "\"type\":\"boolean\"");
    var body = admin.get(targetingPath("checkout")).toString();
    assertProblem(admin.send("PUT", targetingPath("checkout"), body), 428, "version-required");
    assertThat(admin.send("PUT", targetingPath("checkout"), body, "If-Match", "\"1\"").status())
        .isEqualTo(200);
    var stale = admin.send("PUT", targetingPath("checkout"), body, "If-Match", "\"1\"");
    assertProblem(stale, 409, "stale-version");
    assertThat(stale.json().get("current").longValue()).isEqualTo(2);
    assertProblem(
        admin.send("PUT", targetingPath("checkout"), body, "If-Match", "soon"), 400, "malformed");
    assertProblem(
        admin.send("DELETE", "/projects/" + project + "/flags/checkout", ""),
        428,
        "version-required");
  }

  @Test
  void whatIsInUseCannotBeDeletedAndTheAnswerSaysWhere() {
    flag("a", "\"type\":\"boolean\"");
    flag("b", "\"type\":\"boolean\"");
    segment("vip", "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"vip\"]}");
    admin.send(
        "PATCH",
        targetingPath("a"),
        "{\"prerequisites\":[{\"flag\":\"b\",\"variants\":[\"on\"]}],\"rules\":[{\"id\":\"v\",\"when\":{\"segment\":\"vip\"},\"serve\":{\"variant\":\"on\"}}]}");
    var flag = admin.send("DELETE", "/projects/" + project + "/flags/b", "", "If-Match", "*");
    assertProblem(flag, 409, "in-use");
    assertThat(flag.body()).contains("flag 'a'", "prerequisites[0]");
    assertProblem(
        admin.send("PATCH", "/projects/" + project + "/flags/b", "{\"archived\":true}"),
        409,
        "in-use");
    var segment =
        admin.send(
            "DELETE",
            "/projects/" + project + "/environments/production/segments/vip",
            "",
            "If-Match",
            "*");
    assertProblem(segment, 409, "in-use");
    assertProblem(
        admin.send("PATCH", "/projects/" + project + "/flags/b", "{\"variants\":{\"on\":null}}"),
        422,
        "invalid");
  }

  @Test
  void aDeletedKeyCanBeUsedAgain() {
    flag("again", "\"type\":\"boolean\"");
    assertProblem(
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"again\",\"name\":\"A\",\"type\":\"boolean\"}"),
        409,
        "key-taken");
    assertThat(
            admin
                .send("DELETE", "/projects/" + project + "/flags/again", "", "If-Match", "*")
                .status())
        .isEqualTo(204);
    flag("again", "\"type\":\"string\",\"variants\":{\"x\":\"y\"}");
  }

  @Test
  void creatingTwiceWithOneIdempotencyKeyCreatesOnce() {
    var flags = "/projects/" + project + "/flags";
    var body = "{\"key\":\"once\",\"name\":\"Once\",\"type\":\"boolean\"}";
    var first = admin.send("POST", flags, body, "Idempotency-Key", "k-" + project);
    var second = admin.send("POST", flags, body, "Idempotency-Key", "k-" + project);
    assertThat(first.status()).isEqualTo(201);
    assertThat(second.status()).as(second.body()).isEqualTo(201);
    assertThat(second.json()).isEqualTo(first.json());
    assertThat(second.header("Stitchd-Revision")).isEqualTo(first.header("Stitchd-Revision"));
    var other =
        admin.send("POST", flags, body.replace("Once", "Twice"), "Idempotency-Key", "k-" + project);
    assertProblem(other, 422, "idempotency-key-reused");
  }

  @Test
  void anIdempotencyKeyDoesNotAnswerWithWhatWasDeleted() {
    var web = "/projects/" + project;
    var production = web + "/environments/production";
    assertAnsweredOnlyWhileItIsThere("/tenants", "t-" + project, "");
    assertAnsweredOnlyWhileItIsThere("/projects", "other-" + project, "");
    assertAnsweredOnlyWhileItIsThere(web + "/environments", "staging", "");
    assertAnsweredOnlyWhileItIsThere(web + "/flags", "new", ",\"type\":\"boolean\"");
    assertAnsweredOnlyWhileItIsThere(production + "/segments", "beta", "");
    assertAnsweredOnlyWhileItIsThere(production + "/event-definitions", "a b/c", "");
  }

  @Test
  void anIdempotencyKeyDoesNotAnswerWithWhatAPredecessorOfTheSameKeyHad() {
    var segments = "/projects/" + project + "/environments/production/segments";
    var body = "{\"key\":\"beta\",\"name\":\"beta\"}";
    var made = repeated(segments, body, "in-env");
    var deleted =
        admin.send(
            "DELETE", "/projects/" + project + "/environments/production", "", "If-Match", "*");
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(202);
    assertProblem(repeated(segments, body, "in-env"), 404, "not-found");

    admin.createEnvironment(project, "production");
    var again = repeated(segments, body, "in-env");
    assertThat(again.status()).as(again.body()).isEqualTo(201);
    assertThat(again.json().path("id")).isNotEqualTo(made.json().path("id"));
    assertThat(admin.get(segments + "/beta").path("id")).isEqualTo(again.json().path("id"));
    assertThat(repeated(segments, body, "in-env").json()).isEqualTo(again.json());
  }

  private void assertAnsweredOnlyWhileItIsThere(String collection, String key, String more) {
    var path = collection + "/" + key.replace(" ", "%20").replace("/", "%2F");
    var body = "{\"key\":\"%s\",\"name\":\"%s\"%s}".formatted(key, key, more);
    var first = repeated(collection, body, path);
    assertThat(first.status()).as(first.body()).isEqualTo(201);
    assertThat(repeated(collection, body, path).json()).isEqualTo(first.json());

    assertThat(admin.send("DELETE", path, "", "If-Match", "*").status()).isIn(202, 204);
    var second = repeated(collection, body, path);
    assertThat(second.status()).as(second.body()).isEqualTo(201);
    assertThat(second.json().path("id")).isNotEqualTo(first.json().path("id"));
    assertThat(admin.get(path).path("id")).isEqualTo(second.json().path("id"));
    assertThat(repeated(collection, body, path).json()).isEqualTo(second.json());

    assertThat(admin.send("DELETE", path, "", "If-Match", "*").status()).isIn(202, 204);
    var another = admin.create(collection, body);
    var taken = repeated(collection, body, path);
    assertProblem(taken, 409, "key-taken");
    assertThat(admin.get(path).path("id")).isEqualTo(another.path("id"));
  }

  private Http.Answer repeated(String collection, String body, String key) {
    return admin.send("POST", collection, body, "Idempotency-Key", project + key);
  }

  @Test
  void listsArePagedByKeyAndFiltered() {
    for (int i = 0; i < 5; i++) {
      flag("f" + i, "\"type\":\"boolean\",\"tags\":[\"" + (i % 2 == 0 ? "even" : "odd") + "\"]");
    }
    var flags = "/projects/" + project + "/flags";
    var first = admin.get(flags + "?limit=2");
    assertThat(keys(first)).containsExactly("f0", "f1");
    var second = admin.get(flags + "?limit=2&cursor=" + first.get("nextCursor").stringValue());
    assertThat(keys(second)).containsExactly("f2", "f3");
    var third = admin.get(flags + "?limit=2&cursor=" + second.get("nextCursor").stringValue());
    assertThat(keys(third)).containsExactly("f4");
    assertThat(third.has("nextCursor")).isFalse();
    assertThat(keys(admin.get(flags + "?tag=odd"))).containsExactly("f1", "f3");
    assertThat(keys(admin.get(flags + "?q=F3"))).containsExactly("f3");
    assertProblem(admin.send("GET", flags + "?limit=0", ""), 400, "malformed");
    assertProblem(admin.send("GET", flags + "?cursor=%25%25", ""), 400, "malformed");
  }

  @Test
  void sdkKeysAreShownOnceAndTheLastOneNeedsForce() {
    var keys = "/projects/" + project + "/environments/production/sdk-keys";
    var made = admin.send("POST", keys, "{\"name\":\"backend\",\"kind\":\"server\"}");
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    assertThat(made.json().get("key").stringValue()).startsWith("sdk_srv_");
    var id = made.json().get("id").stringValue();
    assertThat(admin.get(keys).toString()).contains(id).doesNotContain("sdk_srv_");
    assertProblem(admin.send("DELETE", keys + "/" + id, ""), 409, "last-key");
    assertThat(admin.send("DELETE", keys + "/" + id + "?force=true", "").status()).isEqualTo(204);
    assertProblem(admin.send("POST", keys, "{\"name\":\"x\",\"kind\":\"admin\"}"), 422, "invalid");
  }

  @Test
  void anotherTenantsResourcesDoNotExist() {
    var tenant = "t-" + UUID.randomUUID();
    assertThat(
            admin.send("POST", "/tenants", "{\"key\":\"" + tenant + "\",\"name\":\"T\"}").status())
        .isEqualTo(201);
    assertProblem(
        admin.send("GET", "/projects/" + project, "", "Stitchd-Tenant", tenant), 404, "not-found");
    assertThat(
            admin
                .send(
                    "POST",
                    "/projects",
                    "{\"key\":\"" + project + "\",\"name\":\"mine\"}",
                    "Stitchd-Tenant",
                    tenant)
                .status())
        .isEqualTo(201);
    assertThat(admin.get("/projects/" + project).get("name").stringValue()).isNotEqualTo("mine");
    assertProblem(admin.send("GET", "/projects", "", "Stitchd-Tenant", "nobody"), 404, "not-found");
  }

  @Test
  void nothingIsAnsweredWithoutAToken() {
    var http = Http.at(server.url());
    assertThat(http.send("GET", "/api/v1/projects", "").status()).isEqualTo(401);
    assertThat(
            http.send("GET", "/api/v1/projects", "", "Authorization", "Bearer sat_wrong").status())
        .isEqualTo(401);
    assertThat(http.send("GET", "/metrics", "").status()).isEqualTo(401);
    assertThat(http.send("GET", "/health/live", "").status()).isEqualTo(200);
  }

  @Test
  void fiftyWritersAtOnceLeaveNoGapAndNoCycle() throws Exception {
    var flags = new ArrayList<String>();
    for (int i = 0; i < 10; i++) {
      flags.add("f" + i);
      flag("f" + i, "\"type\":\"boolean\"");
    }
    var revision = revision();
    var answers = new ArrayList<java.util.concurrent.Future<Http.Answer>>();
    try (var writers = java.util.concurrent.Executors.newFixedThreadPool(50)) {
      for (int i = 0; i < 100; i++) {
        // Each asks for an edge of a ring, so that all together would close cycles.
        var from = flags.get(i % 10);
        var to = flags.get((i + 1 + i / 50) % 10);
        answers.add(
            writers.submit(() ->
                untilItIsTheirTurn(() ->
                    admin.send(
                        "PATCH",
                        targetingPath(from),
                        "{\"prerequisites\":[{\"flag\":\"" + to + "\",\"variants\":[\"on\"]}]}"))));
      }
    }
    int accepted = 0;
    for (var answer : answers) {
      assertThat(answer.get().status()).as(answer.get().body()).isIn(200, 422);
      accepted += answer.get().status() == 200 ? 1 : 0;
    }
    assertThat(accepted).isPositive();
    assertThat(revision()).as("refused writes leave no revision").isEqualTo(revision + accepted);
    assertThat(hasCycle(flags)).isFalse();
    assertThat(lastPut()).as("what SDKs get").isEqualTo(inTheDatabase(flags));
  }

  /// All of them wait for one lock, and who waits for too long is told to come again.
  private static Http.Answer untilItIsTheirTurn(Supplier<Http.Answer> write) {
    var answer = write.get();
    for (int i = 0; i < 20 && answer.status() == 503; i++) {
      assertThat(answer.header("Retry-After")).isNotEmpty();
      answer = write.get();
    }
    return answer;
  }

  /// Each flag's prerequisites as a stream's first event has them, once it is at the last revision.
  private Map<String, JsonNode> lastPut() {
    var key = admin.createSdkKey(project, "production", "server");
    var prerequisites = new TreeMap<String, JsonNode>();
    await()
        .atMost(Patience.SOON)
        .untilAsserted(() -> {
          try (var stream = server.stream(key)) {
            var put = stream.await(event -> event.name().equals("put"), Patience.SOON).json();
            assertThat(put.get("revision").longValue()).isEqualTo(revision());
            put.get("flags")
                .properties()
                .forEach(
                    flag -> prerequisites.put(flag.getKey(), flag.getValue().get("prerequisites")));
          }
        });
    return prerequisites;
  }

  private Map<String, JsonNode> inTheDatabase(List<String> flags) {
    var prerequisites = new TreeMap<String, JsonNode>();
    flags.forEach(
        flag -> prerequisites.put(flag, admin.get(targetingPath(flag)).get("prerequisites")));
    return prerequisites;
  }

  private boolean hasCycle(List<String> flags) {
    for (var start : flags) {
      var at = start;
      for (int i = 0; i <= flags.size(); i++) {
        var prerequisites = admin.get(targetingPath(at)).get("prerequisites");
        if (prerequisites.isEmpty()) {
          break;
        }
        at = prerequisites.get(0).get("flag").stringValue();
        if (at.equals(start)) {
          return true;
        }
      }
    }
    return false;
  }

  private long revision() {
    return admin
        .get("/projects/" + project + "/environments/production")
        .get("revision")
        .longValue();
  }

  private void flag(String key, String rest) {
    var answer =
        admin.send(
            "POST",
            "/projects/" + project + "/flags",
            "{\"key\":\"" + key + "\",\"name\":\"" + key + "\"," + rest + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
  }

  private void segment(String key, String when) {
    var answer =
        admin.send(
            "POST",
            "/projects/" + project + "/environments/production/segments",
            "{\"key\":\""
                + key
                + "\",\"name\":\""
                + key
                + "\",\"contextType\":\"user\",\"when\":"
                + when
                + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
  }

  private String variants(String flag) {
    return admin.get("/projects/" + project + "/flags/" + flag).get("variants").toString();
  }

  private String targetingPath(String flag) {
    return "/projects/" + project + "/flags/" + flag + "/environments/production";
  }

  private static List<String> keys(JsonNode page) {
    var keys = new ArrayList<String>();
    page.get("items").forEach(item -> keys.add(item.get("key").stringValue()));
    return keys;
  }

  private static void assertProblem(Http.Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(answer.json().get("code").stringValue()).isEqualTo(code);
    assertThat(answer.json().get("status").intValue()).isEqualTo(status);
    assertThat(answer.body()).doesNotContain("SELECT", "Exception", "\tat ");
  }
}
