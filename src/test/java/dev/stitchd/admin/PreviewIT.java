package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.ListMembers;
import dev.stitchd.dev.Server;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Previews of a whole server.
class PreviewIT {

  private static final String EVALUATE = "/projects/web/environments/production/evaluate";
  private static final JsonMapper JSON = new JsonMapper();

  private static Server server;
  private static Admin admin;

  @BeforeAll
  static void start() {
    server = Server.start(Map.of("STITCHD_ADMIN_MAX_PREVIEW_CONTEXT", "65KB"));
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.createFlag("web", "checkout");
    ListMembers.of(server, "web", "production").include("vip", "ann").exclude("vip", "bob");
    admin.changeTargeting("web", "checkout", "production", PreviewIT::rules);
  }

  private static void rules(ObjectNode targeting) {
    targeting.put("enabled", true);
    targeting.set(
        "rules",
        JSON.readTree(
            """
            [{"id":"vip","when":{"segment":"vip"},"serve":{"variant":"on"}},
             {"id":"eu","when":{"all":[{"attribute":"country","op":"in","values":["DE","FR"]},
                                       {"attribute":"email","op":"endsWith","values":["@example.org"]}]},
              "serve":{"rollout":{"bucketBy":"targetingKey","weights":{"on":100,"off":0}}}}]\
            """));
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static Http.Answer send(String query, String body) {
    return admin.send("POST", EVALUATE + query, body);
  }

  private static JsonNode preview(String context) {
    var answer = send("", "{\"flag\":\"checkout\",\"context\":" + context + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  @Test
  void theAnswerIsWhatAnSdkGetsWithTheWayThere() {
    var answer =
        preview("{\"targetingKey\":\"carl\",\"country\":\"DE\",\"email\":\"c@example.org\"}");
    assertThat(answer.get("variant").stringValue()).isEqualTo("on");
    assertThat(answer.get("value").booleanValue()).isTrue();
    assertThat(answer.get("reason").stringValue()).isEqualTo("SPLIT");
    assertThat(answer.get("ruleId").stringValue()).isEqualTo("eu");
    assertThat(answer.get("degraded").booleanValue()).isFalse();
    assertThat(answer.at("/trace/because").stringValue())
        .startsWith("rule 'eu' is true and gives 'on' to bucket ");
    assertThat(answer.at("/trace/segments/vip/list/membership").stringValue()).isEqualTo("absent");
    assertThat(answer.at("/trace/rules/1/when/all/0").toString())
        .isEqualTo(
            "{\"attribute\":\"country\",\"op\":\"in\",\"values\":[\"DE\",\"FR\"],\"value\":\"DE\",\"outcome\":\"true\"}");
    assertThat(answer.at("/trace/rules/1/serve/rollout/bucket").isNumber()).isTrue();
    assertThat(answer.at("/trace/rules/1/serve/rollout/slots").size()).isPositive();
  }

  @Test
  void listsAreShownWithWhereTheKeyStands() {
    assertThat(preview("{\"targetingKey\":\"ann\"}").at("/trace/segments/vip").toString())
        .contains("\"membership\":\"included\"", "\"outcome\":\"true\"");
    assertThat(preview("{\"targetingKey\":\"bob\"}").at("/trace/segments/vip").toString())
        .contains("\"membership\":\"excluded\"", "\"outcome\":\"false\"");
  }

  @Test
  void privateAttributesAreMaskedWhoeverCallsThemPrivate() {
    var context =
        "{\"targetingKey\":\"carl\",\"country\":\"DE\",\"email\":\"secret@example.org\",\"privateAttributes\":[\"email\"]}";
    var byContext = preview(context);
    assertThat(byContext.get("reason").stringValue()).isEqualTo("SPLIT"); // rules may use it
    assertThat(byContext.toString()).doesNotContain("secret").contains("\"masked\":true");

    admin.createEnvironment("web", "secretive");
    var settings =
        admin.send(
            "PATCH",
            "/projects/web/environments/secretive",
            "{\"settings\":{\"privateAttributes\":[\"email\"]}}");
    assertThat(settings.status()).as(settings.body()).isEqualTo(200);
    admin.changeTargeting(
        "web",
        "checkout",
        "secretive",
        targeting -> {
          rules(targeting);
          ((ArrayNode) targeting.get("rules")).remove(0);
        });
    var bySettings =
        admin.send(
            "POST",
            "/projects/web/environments/secretive/evaluate",
            "{\"flag\":\"checkout\",\"context\":{\"targetingKey\":\"carl\",\"country\":\"DE\",\"email\":\"secret@example.org\"}}");
    assertThat(bySettings.json().get("reason").stringValue()).isEqualTo("SPLIT");
    assertThat(bySettings.body()).doesNotContain("secret@").contains("\"masked\":true");
  }

  @Test
  void whoHasJustChangedAFlagPreviewsTheChange() {
    admin.createFlag("web", "edited");
    for (int i = 0; i < 20; i++) {
      var variant = i % 2 == 0 ? "on" : "off";
      admin.serve("web", "edited", "production", variant);
      var answer = send("", "{\"flag\":\"edited\"}").json();
      assertThat(answer.get("variant").stringValue()).isEqualTo(variant);
    }
  }

  @Test
  void thePastIsEvaluatedAsItWasAndSaysThatListsAreTodays() {
    admin.createFlag("web", "old");
    admin.serve("web", "old", "production", "on");
    long then = send("", "{\"flag\":\"old\"}").json().get("revision").longValue();
    admin.serve("web", "old", "production", "off");
    var past =
        send("?revision=" + then, "{\"flag\":\"old\",\"context\":{\"targetingKey\":\"ann\"}}");
    assertThat(past.status()).as(past.body()).isEqualTo(200);
    assertThat(past.json().get("variant").stringValue()).isEqualTo("on");
    assertThat(past.json().get("revision").longValue()).isEqualTo(then);
    assertThat(past.json().get("note").stringValue()).contains("lists of today");
    assertThat(send("", "{\"flag\":\"old\"}").json().get("variant").stringValue()).isEqualTo("off");
    var before = send("?revision=0", "{\"flag\":\"old\"}").json();
    assertThat(before.get("errorCode").stringValue()).isEqualTo("FLAG_NOT_FOUND");
    assertThat(send("?revision=99999", "{\"flag\":\"old\"}").status()).isEqualTo(404);
    assertThat(send("?revision=-1", "{\"flag\":\"old\"}").status()).isEqualTo(400);
  }

  @Test
  void unknownFlagsAreAnsweredAsAnSdkWouldHear() {
    var answer = send("", "{\"flag\":\"nothing\"}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().get("reason").stringValue()).isEqualTo("ERROR");
    assertThat(answer.json().get("errorCode").stringValue()).isEqualTo("FLAG_NOT_FOUND");
    assertThat(answer.json().at("/trace/because").stringValue()).contains("no such flag");
  }

  @Test
  void attributesThatNothingCanReadAreUnknownAndNamed() {
    var odd =
        preview(
            "{\"targetingKey\":\"carl\",\"country\":\"DE\",\"big\":1e400,\"\\ud800x\":1,\"name\":\"\\ud83d\",\"app.version\":[1,\"\\u0000\"]}");
    var without = preview("{\"targetingKey\":\"carl\",\"country\":\"DE\"}");
    assertThat(odd.get("reason")).isEqualTo(without.get("reason"));
    assertThat(odd.get("variant")).isEqualTo(without.get("variant"));
    assertThat(odd.at("/trace/unreadable"))
        .extracting(JsonNode::stringValue)
        .containsExactly("\"app.version\"[1]", "?x", "big", "name");
    assertThat(without.at("/trace/unreadable").isMissingNode()).isTrue();
  }

  @Test
  void aSegmentThatIsHardlyWhatWasMeantIsWarnedOfWhereItIsUsed() {
    admin.send(
        "POST",
        "/projects/web/environments/production/segments",
        "{\"key\":\"odd\",\"name\":\"odd\",\"when\":{\"attribute\":\"a\",\"op\":\"contains\",\"values\":[\"\"]}}");
    admin.createFlag("web", "asks-odd");
    admin.changeTargeting(
        "web",
        "asks-odd",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          targeting.set(
              "rules",
              JSON.readTree(
                  "[{\"id\":\"o\",\"when\":{\"segment\":\"odd\"},\"serve\":{\"variant\":\"on\"}}]"));
        });
    var answer = send("", "{\"flag\":\"asks-odd\",\"context\":{}}").json();
    assertThat(answer.at("/warnings/0/path").asString())
        .as(answer.toString())
        .isEqualTo("segments.odd.when.values[0]");
  }

  @Test
  void aContextMayBeAsLargeAsItsSettingSays() {
    assertThat(
            preview("{\"targetingKey\":\"ann\",\"a\":\"" + "x".repeat(66_000) + "\"}").isObject())
        .isTrue();
    var larger =
        send("", "{\"flag\":\"checkout\",\"context\":{\"a\":\"" + "x".repeat(70_000) + "\"}}");
    assertThat(larger.status()).isEqualTo(422);
    assertThat(larger.body()).contains("more than 66560 bytes");
  }

  @Test
  void badQuestionsHearEverythingThatIsWrong() {
    var answer =
        send(
            "", "{\"flag\":\"A B\",\"context\":{\"targetingKey\":7,\"a.b\":1e400},\"extra\":true}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().get("errors").findValuesAsString("path"))
        .containsExactlyInAnyOrder("flag", "context.targetingKey", "extra");
    assertThat(send("", "{}").status()).isEqualTo(422);
    assertThat(send("", "[]").status()).isEqualTo(400);
    assertThat(
            admin
                .send("POST", "/projects/web/environments/none/evaluate", "{\"flag\":\"checkout\"}")
                .status())
        .isEqualTo(404);
  }

  @Test
  void anotherTenantSeesNothing() {
    var made = admin.send("POST", "/tenants", "{\"key\":\"other\",\"name\":\"Other\"}");
    assertThat(made.status()).isEqualTo(201);
    var answer = admin.send("POST", EVALUATE, "{\"flag\":\"checkout\"}", "Stitchd-Tenant", "other");
    assertThat(answer.status()).isEqualTo(404);
  }

  @Test
  void previewsAreNeverRecorded() {
    var before = evaluations();
    var _ = preview("{\"targetingKey\":\"ann\"}");
    assertThat(evaluations()).isEqualTo(before);
  }

  private static String evaluations() {
    return server
        .http()
        .get("/metrics", "Authorization", "Bearer " + Server.TOKEN)
        .body()
        .lines()
        .filter(line ->
            line.startsWith("stitchd_decide_") || line.startsWith("stitchd_events_accepted"))
        .sorted()
        .toList()
        .toString();
  }
}
