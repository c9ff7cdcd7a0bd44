package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.ImmutableStructure;
import dev.openfeature.sdk.Value;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.ListMembers;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.Statements;
import dev.stitchd.propagation.Instances;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Lists decide, through the real OFREP provider and a whole server whose statements are counted.
class ListSegmentsIT {

  private static final Duration SOON = Patience.SOON;
  private static final String FLAGS = "/ofrep/v1/evaluate/flags";
  private static final JsonMapper JSON = new JsonMapper();

  private static Statements statements;
  private static Server server;
  private static Admin admin;
  private static ListMembers members;
  private static String serverKey;
  private static String clientKey;
  private static OfrepProvider provider;

  @BeforeAll
  static void start() {
    statements = new Statements();
    server = Server.start(Statements.QUIET, statements);
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    serverKey = admin.createSdkKey("web", "production", "server");
    clientKey = admin.createSdkKey("web", "production", "client");
    segment("vip", "user", null);
    segment("mixed", "user", "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"pro\"]}");
    segment("companies", "organization", null);
    segment("nested", "user", "{\"any\":[{\"segment\":\"vip\"},{\"segment\":\"companies\"}]}");
    members = ListMembers.of(server, "web", "production");
    members
        .include("vip", "ann")
        .include("mixed", "ann", "both")
        .exclude("mixed", "bob", "both")
        .include("companies", "acme");
    for (var segment : List.of("vip", "mixed", "companies", "nested")) {
      flag("of-" + segment, "{\"segment\":\"" + segment + "\"}");
    }
    flag("of-none", "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"pro\"]}");
    provider =
        OfrepProvider.constructProvider(
            OfrepProviderOptions.builder()
                .baseUrl(server.url())
                .headers(ImmutableMap.of("Authorization", ImmutableList.of("Bearer " + serverKey)))
                .build());
    Awaitility.await().atMost(SOON).until(() -> one(serverKey, "of-none", "{}").status() == 200);
  }

  @AfterAll
  static void stop() {
    provider.shutdown();
    server.stop();
  }

  private static void segment(String key, String contextType, String when) {
    var body = JSON.createObjectNode().put("key", key).put("name", key);
    body.put("contextType", contextType);
    if (when != null) {
      body.set("when", JSON.readTree(when));
    }
    admin.createSegment("web", "production", body.toString());
  }

  private static void flag(String key, String when) {
    admin.createFlag("web", key);
    admin.changeTargeting("web", key, "production", targeting -> serveOnIf(targeting, when));
  }

  private static void serveOnIf(ObjectNode targeting, String when) {
    targeting.put("enabled", true);
    var rule = targeting.putArray("rules").addObject().put("id", "listed");
    rule.set("when", JSON.readTree(when));
    rule.putObject("serve").put("variant", "on");
  }

  @Test
  void whoAsksForTheHeadOfADownloadAloneHasNoListRead() {
    var path = "/projects/web/environments/production/segments/vip/members";
    var whole =
        statements.during(() -> {
          var download = admin.send("GET", path, "", "Accept", "text/csv");
          assertThat(download.body().lines()).hasSize(2);
        });
    var head =
        statements.during(() -> {
          var answer = admin.send("HEAD", path, "", "Accept", "text/csv");
          assertThat(answer.status()).isEqualTo(200);
          assertThat(answer.header("Content-Disposition")).contains("vip.csv");
        });
    assertThat(head).hasSizeLessThan(whole.size());
  }

  // ---- what lists decide

  private static void expect(String flag, ImmutableContext context, boolean value) {
    var evaluation = provider.getBooleanEvaluation(flag, !value, context);
    assertThat(evaluation.getErrorMessage()).isNull();
    assertThat(evaluation.getValue()).as("%s for %s", flag, context.asMap()).isEqualTo(value);
    assertThat(evaluation.getReason()).isEqualTo(value ? "TARGETING_MATCH" : "DEFAULT");
    assertThat(evaluation.getFlagMetadata().getBoolean("degraded")).isNull();
  }

  private static ImmutableContext user(String key, String plan) {
    return new ImmutableContext(key, Map.of("plan", new Value(plan)));
  }

  private static ImmutableContext member(String organization) {
    return new ImmutableContext(
        "carl",
        Map.of(
            "organization",
            new Value(new ImmutableStructure(Map.of("key", new Value(organization))))));
  }

  @Test
  void includedKeysBelongAndOthersDoNot() {
    expect("of-vip", user("ann", "free"), true);
    expect("of-vip", user("Ann", "free"), false);
    expect("of-vip", user("", "free"), false);
  }

  @Test
  void excludedWinsThenIncludedThenTheCondition() {
    expect("of-mixed", user("ann", "free"), true); // included, whatever the condition says
    expect("of-mixed", user("bob", "pro"), false); // excluded, whatever the condition says
    expect("of-mixed", user("both", "pro"), false);
    expect("of-mixed", user("carl", "pro"), true); // on neither list: the condition
    expect("of-mixed", user("carl", "free"), false);
  }

  @Test
  void otherContextTypesHaveTheirOwnKeys() {
    expect("of-companies", member("acme"), true);
    expect("of-companies", member("ann"), false);
    expect("of-companies", user("acme", "free"), false);
  }

  @Test
  void segmentsUseListsOfSegments() {
    expect("of-nested", user("ann", "free"), true);
    expect("of-nested", member("acme"), true);
    expect("of-nested", member("other"), false);
  }

  /// No snapshot of this server has heard of these changes, and none is needed.
  @Test
  void theListAsItIsNowDecidesAndNotTheOneThatASnapshotRemembers() {
    segment("fresh", "user", null);
    members.include("fresh", "ann", "bob");
    flag("of-fresh", "{\"segment\":\"fresh\"}");
    Awaitility.await()
        .atMost(SOON)
        .until(() ->
            one(serverKey, "of-fresh", "{\"targetingKey\":\"bob\"}").body().contains("\"on\""));
    members.forget("fresh", "bob");
    expect("of-fresh", user("bob", "free"), false);
    expect("of-fresh", user("ann", "free"), true);
    members.flip("fresh");
    expect("of-fresh", user("ann", "free"), false);
  }

  // ---- what it costs

  private static Http.Answer one(String key, String flag, String context) {
    return ask(key, FLAGS + "/" + flag, context);
  }

  private static Http.Answer ask(String key, String path, String context) {
    return server.http().post(path, "{\"context\":" + context + "}", "X-API-Key", key);
  }

  private static JsonNode given(Http.Answer answer, String flag) {
    for (var evaluation : answer.json().get("flags")) {
      if (evaluation.get("key").stringValue().equals(flag)) {
        return evaluation;
      }
    }
    throw new AssertionError(flag + " is not in " + answer.body());
  }

  /// The environment has lists; only flags that could reach one ask.
  @Test
  void aFlagThatReachesNoListTouchesNoDatabase() {
    var _ = one(clientKey, "of-none", "{}"); // the key is known from now on
    var made =
        statements.during(() -> {
          for (int i = 0; i < 50; i++) {
            var context = "{\"targetingKey\":\"u" + i + "\",\"plan\":\"pro\"}";
            assertThat(one(serverKey, "of-none", context).body()).contains("\"on\"");
          }
          assertThat(one(serverKey, "unknown", "{}").status()).isEqualTo(404);
          assertThat(one(clientKey, "of-vip", "{\"targetingKey\":\"ann\"}").status())
              .isEqualTo(404);
          assertThat(ask(clientKey, FLAGS, "{\"targetingKey\":\"ann\"}").status()).isEqualTo(200);
        });
    assertThat(made).isEmpty();
  }

  @Test
  void aContextWithoutAKeyOfTheListsTypeTouchesNoDatabase() {
    var made =
        statements.during(() ->
            assertThat(one(serverKey, "of-companies", "{\"targetingKey\":\"ann\"}").status())
                .isEqualTo(200));
    assertThat(made).isEmpty();
  }

  @Test
  void aFlagThatReachesListsAsksOnce() {
    var context = "{\"targetingKey\":\"dora\",\"organization\":{\"key\":\"acme\"}}";
    var made =
        statements.during(
            () -> assertThat(one(serverKey, "of-nested", context).body()).contains("\"on\""));
    assertThat(made).singleElement().asString().contains("segment_list_members");
  }

  @Test
  void aBulkRequestAsksOnceForAllListsOfAllFlags() {
    var context =
        "{\"targetingKey\":\"ann\",\"plan\":\"free\",\"organization\":{\"key\":\"acme\"}}";
    var made =
        statements.during(() -> {
          var answer = ask(serverKey, FLAGS, context);
          for (var flag : List.of("of-vip", "of-mixed", "of-companies", "of-nested")) {
            assertThat(given(answer, flag).get("variant").stringValue()).as(flag).isEqualTo("on");
          }
          assertThat(given(answer, "of-none").get("variant").stringValue()).isEqualTo("off");
        });
    assertThat(made).singleElement().asString().contains("segment_list_members");
  }

  // ---- the membership door

  private static Http.Answer membership(String key, String body) {
    return server
        .http()
        .post("/sdk/v1/segments/membership", body, "Authorization", "Bearer " + key);
  }

  @Test
  void sdksAskWhoIsOnWhichListWithOneStatement() {
    var made =
        statements.during(() -> {
          var answer =
              membership(
                  serverKey,
                  "{\"contextType\":\"user\",\"keys\":[\"ann\",\"bob\",\"both\",\"x\",\"ann\"],\"segments\":[\"vip\",\"mixed\"]}");
          assertThat(answer.status()).as(answer.body()).isEqualTo(200);
          var json = (ObjectNode) answer.json();
          assertThat(json.remove("revision").longValue()).isPositive();
          assertThat(json.toString())
              .isEqualTo(
                  "{\"memberships\":{\"ann\":[\"mixed\",\"vip\"],\"bob\":[],\"both\":[],\"x\":[]},\"exclusions\":{\"bob\":[\"mixed\"],\"both\":[\"mixed\"]}}");
          assertThat(answer.header("Cache-Control")).isEqualTo("private, no-cache");
        });
    assertThat(made).hasSize(1);
  }

  @Test
  void withoutSegmentsAllListsOfTheTypeAreMeant() {
    assertThat(membership(serverKey, "{\"keys\":[\"ann\"]}").json().get("memberships").toString())
        .contains("\"vip\"", "\"mixed\"")
        .doesNotContain("companies");
    assertThat(
            membership(serverKey, "{\"contextType\":\"organization\",\"keys\":[\"acme\",\"ann\"]}")
                .json()
                .get("memberships")
                .toString())
        .isEqualTo("{\"acme\":[\"companies\"],\"ann\":[]}");
    assertThat(
            statements.during(() ->
                assertThat(
                        membership(serverKey, "{\"contextType\":\"device\",\"keys\":[\"a\"]}")
                            .json()
                            .get("memberships")
                            .toString())
                    .isEqualTo("{\"a\":[]}")))
        .isEmpty();
  }

  @Test
  void badQuestionsHearEverythingThatIsWrong() {
    var answer =
        membership(
            serverKey,
            "{\"keys\":[\"ok\",\"\",7,\"%s\"],\"segments\":[\"companies\",\"nothing\"],\"more\":1}"
                .formatted("ü".repeat(257)));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.json().get("errors").findValuesAsString("path"))
        .containsExactly("keys[1]", "keys[2]", "keys[3]", "segments[0]", "segments[1]", "more");
    var many = JSON.createObjectNode();
    var keys = many.putArray("keys");
    for (int i = 0; i <= 1_000; i++) {
      keys.add("k" + i);
    }
    assertThat(membership(serverKey, many.toString()).status()).isEqualTo(422);
    keys.remove(1_000);
    assertThat(membership(serverKey, many.toString()).status()).isEqualTo(200);
    assertThat(membership(serverKey, "{}").status()).isEqualTo(422);
    assertThat(membership(serverKey, "[]").status()).isEqualTo(400);
    assertThat(membership(serverKey, "{").status()).isEqualTo(400);
    assertThat(membership(serverKey, "").status()).isEqualTo(400);
    assertThat(membership(serverKey, "\"" + "x".repeat(1_100_000) + "\"").status()).isEqualTo(413);
  }

  @Test
  void clientKeysMayNotAsk() {
    assertThat(membership(clientKey, "{\"keys\":[\"ann\"]}").status()).isEqualTo(403);
    assertThat(membership("sdk_srv_unknown", "{\"keys\":[\"ann\"]}").status()).isEqualTo(401);
    assertThat(server.http().post("/sdk/v1/segments/membership", "{\"keys\":[\"ann\"]}").status())
        .isEqualTo(401);
  }

  /// An instance's name is noted on the long way, so that naming one makes a request take it.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"keys\":[\"ann\",\"bob\",\"both\"]}",
        "{\"keys\":[\"ann\"],\"segments\":[\"nothing\"]}",
        "{\"keys\":[]}",
        "{\"keys\":[\"\\u0000\"]}",
        "{}",
        "[1",
        ""
      })
  void theShortWayAndTheLongWayAnswerTheSame(String question) {
    var answers =
        List.of("Instance-Of-Nobody", Instances.HEADER).stream()
            .map(header ->
                server
                    .http()
                    .post(
                        "/sdk/v1/segments/membership",
                        question,
                        "Authorization",
                        "Bearer " + serverKey,
                        header,
                        "one"))
            .toList();
    assertThat(answers.getFirst().status()).isEqualTo(answers.getLast().status());
    assertThat(answers.getFirst().body()).isEqualTo(answers.getLast().body());
    for (var header : List.of("Content-Type", "Cache-Control", "Content-Length")) {
      assertThat(answers.getFirst().header(header)).isEqualTo(answers.getLast().header(header));
    }
  }
}
