package dev.stitchd.catalog.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.ListMembers;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Projects of a whole server as files, each test with projects of its own.
@Timeout(120)
class ProjectTransfersIT {

  private static final JsonMapper JSON = new JsonMapper();

  private static Server server;
  private static Admin admin;

  private String project = "";

  @BeforeAll
  static void start() {
    server = Server.start(Map.of("STITCHD_IMPORT_MAX_BODY", "64KB"));
    admin = server.admin();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @BeforeEach
  void projectWithSomeOfEverything() {
    project = empty();
    admin.createEnvironment(project, "production");
    admin.createEnvironment(project, "staging");
    admin.patch(
        "/projects/" + project + "/environments/production",
        "{\"production\":true,\"settings\":{\"allowedOrigins\":[\"https://a.example\"],\"quotas\":{\"eventsPerSecond\":5}}}");
    admin.createFlag(project, "checkout");
    admin.createFlagFrom(
        project,
        """
        {"key":"Theme","name":"Theme: é","type":"json","description":"two\\nlines","tags":["b","a"],"owner":"ada",
         "temporary":true,"clientVisible":true,"variants":{"z":{"no":1.50,"b":null},"a":[]}}\
        """);
    admin.createFlag(project, "old");
    admin.patch("/projects/" + project + "/flags/old", "{\"archived\":true}");
    admin.createSegment(
        project,
        "production",
        "{\"key\":\"vip\",\"name\":\"VIP\",\"description\":\"few\",\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"gold\"]}}");
    admin.createSegment(
        project, "production", "{\"key\":\"all\",\"name\":\"All\",\"when\":{\"segment\":\"vip\"}}");
    ListMembers.of(server, project, "production").include("vip", "ann");
    await() // the list is a revision of its own, a moment later
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            StoreUrl.of(server.postgres())
                .query("SELECT 1 FROM segment_lists WHERE published_version < version")
                .isEmpty());
    admin.create(
        "/projects/" + project + "/environments/production/event-definitions",
        "{\"key\":\"Purchase made\",\"name\":\"Purchase\",\"valueType\":\"number\",\"unit\":\"EUR\",\"allowedProperties\":[\"x\"]}");
    roll(50);
    roll(30);
    roll(45);
  }

  private static String empty() {
    var key = "p-" + UUID.randomUUID();
    admin.createProject(key);
    return key;
  }

  private void roll(int on) {
    admin.changeTargeting(
        project,
        "checkout",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          targeting.set(
              "rules",
              JSON.readTree(
                  """
                  [{"id":"all","description":"some","when":{"segment":"all"},
                    "serve":{"rollout":{"weights":{"on":%d,"off":%d}}}}]\
                  """
                      .formatted(on, 100 - on)));
        });
  }

  private static Http.Answer export(String project, String accept) {
    var answer = admin.send("GET", "/projects/" + project + "/export", "", "Accept", accept);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer;
  }

  private static ObjectNode file(String project) {
    return (ObjectNode) export(project, "application/json").json();
  }

  private static Http.Answer send(String project, String query, Object file) {
    return admin.send("POST", "/projects/" + project + "/import" + query, file.toString());
  }

  private static Http.Answer yaml(String project, String query, String file) {
    return admin.send(
        "POST",
        "/projects/" + project + "/import" + query,
        file,
        "Content-Type",
        "application/yaml");
  }

  private static List<String> texts(JsonNode list, String... names) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(item ->
            String.join(" ", List.of(names).stream().map(n -> item.path(n).asString("")).toList()))
        .toList();
  }

  private static long revision(String project, String environment) {
    return admin
        .get("/projects/" + project + "/environments/" + environment)
        .path("revision")
        .asLong();
  }

  @Test
  void anEmptyProjectThatAFileIsImportedIntoIsTheSameFile() {
    for (var type : List.of("application/json", "application/yaml")) {
      var exported = export(project, type);
      assertThat(exported.header("Content-Type")).startsWith(type);
      var copy = empty();
      var answer =
          type.endsWith("yaml") ? yaml(copy, "", exported.body()) : send(copy, "", exported.body());
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertThat(answer.header("Stitchd-Revision")).isEqualTo("production=1, staging=1");
      assertThat(export(copy, type).body()).isEqualTo(exported.body());
      assertThat(export(copy, "application/json").body())
          .isEqualTo(export(project, "application/json").body());
      var again = send(copy, "", file(project));
      assertThat(again.json().path("unchanged").asInt())
          .isEqualTo(answer.json().path("created").size());
      assertThat(again.header("Stitchd-Revision")).as("nothing to publish").isEmpty();
      assertThat(revision(copy, "production")).isEqualTo(1);
      var preview =
          admin.create(
              "/projects/" + copy + "/environments/production/evaluate",
              "{\"flag\":\"checkout\",\"context\":{\"targetingKey\":\"u\",\"plan\":\"gold\"}}");
      var original =
          admin.create(
              "/projects/" + project + "/environments/production/evaluate",
              "{\"flag\":\"checkout\",\"context\":{\"targetingKey\":\"u\",\"plan\":\"gold\"}}");
      assertThat(preview.at("/trace/rules/0/serve/rollout"))
          .as("salt, slots and bucket")
          .isEqualTo(original.at("/trace/rules/0/serve/rollout"));
    }
  }

  @Test
  void aFileHasNothingOfOneInstallation() {
    admin.createSdkKey(project, "production", "server");
    var yaml = export(project, "application/yaml").body();
    assertThat(yaml)
        .doesNotContain(
            "sdk_", "version", "createdAt", "updatedAt", "revision", "id: \"", "ann", "history")
        .contains("checkout:", "salt:", "slots:", "\"Purchase made\":");
    assertThat(file(project).at("/flags/checkout").has("id")).isFalse();
    assertThat(file(project).at("/flags/checkout").has("key")).isFalse();
  }

  @Test
  void aDryRunTellsWhatWouldBeDoneAndDoesNothing() {
    var before = export(project, "application/json").body();
    long revision = revision(project, "production");
    var file = file(project);
    ((ObjectNode) file.at("/environments/production/flags/checkout")).put("enabled", false);
    ((ObjectNode) file.get("flags")).set("new", file.at("/flags/checkout"));
    ((ObjectNode) file.get("flags")).remove("Theme"); // left alone
    ((ObjectNode) file.at("/environments/production/flags")).remove("Theme");
    var answer = send(project, "?dryRun=true", file);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    var report = answer.json();
    assertThat(texts(report.path("created"), "path")).containsExactly("flags/new");
    assertThat(texts(report.path("changed"), "path"))
        .containsExactly("flags/checkout/environments/production");
    assertThat(report.at("/changed/0/before/enabled").asBoolean()).isTrue();
    assertThat(report.at("/changed/0/after/enabled").asBoolean()).isFalse();
    assertThat(report.path("removed").size()).isZero();
    assertThat(report.path("refused").size()).isZero();
    assertThat(report.path("unchanged").asInt()).isPositive();
    assertThat(export(project, "application/json").body()).isEqualTo(before);
    assertThat(revision(project, "production")).isEqualTo(revision);

    var done = send(project, "", file);
    assertThat(done.json()).isEqualTo(report);
    assertThat(done.header("Stitchd-Revision"))
        .isEqualTo(
            "production=%d, staging=%d".formatted(revision + 1, revision(project, "staging")));
    assertThat(file(project).at("/flags/Theme").isObject()).isTrue();
  }

  @Test
  void weightsThatAreEditedInAFileMoveAsFewAsTheyMust() {
    var file = file(project);
    var rollout =
        (ObjectNode) file.at("/environments/production/flags/checkout/rules/0/serve/rollout");
    var slots = rollout.get("slots").deepCopy();
    rollout.putObject("weights").put("on", 46).put("off", 54);
    assertThat(send(project, "", file).status()).isEqualTo(200);
    var after = admin.targeting(project, "checkout", "production").at("/rules/0/serve/rollout");
    assertThat(after.at("/weights/on").asInt()).isEqualTo(46);
    assertThat(after.get("salt")).isEqualTo(rollout.get("salt"));
    assertThat(moved(slots, after.get("slots"))).isEqualTo(1_000);
  }

  private static int moved(JsonNode from, JsonNode to) {
    var moved = 0;
    for (var bucket = 0; bucket < 100_000; bucket++) {
      moved += at(from, bucket).equals(at(to, bucket)) ? 0 : 1;
    }
    return moved;
  }

  private static String at(JsonNode slots, int bucket) {
    var end = 0;
    for (var slot : slots) {
      end += slot.path(1).asInt();
      if (bucket < end) {
        return slot.path(0).asString();
      }
    }
    throw new AssertionError("beyond the last slot");
  }

  @Test
  void aRolloutWithoutALayoutKeepsThatInForceAndANewOneGetsOne() {
    var file = file(project);
    var rollout =
        (ObjectNode) file.at("/environments/production/flags/checkout/rules/0/serve/rollout");
    rollout.remove(List.of("salt", "slots"));
    assertThat(send(project, "?dryRun=true", file).json().path("changed").size()).isZero();
    var copy = empty();
    assertThat(send(copy, "", file).status()).isEqualTo(200);
    assertThat(
            admin
                .targeting(copy, "checkout", "production")
                .at("/rules/0/serve/rollout/salt")
                .asString())
        .isNotEmpty();
  }

  /// What needs each other changes together, in whatever order single writes would have to.
  @Test
  void whatNeedsEachOtherChangesTogether() {
    admin.createFlagFrom(
        project,
        "{\"key\":\"color\",\"name\":\"c\",\"type\":\"string\",\"variants\":{\"a\":\"1\",\"b\":\"2\"}}");
    var file = file(project);
    var variants = (ObjectNode) file.at("/flags/color/variants");
    variants.remove("a");
    variants.put("c", "3");
    for (var environment : List.of("production", "staging")) {
      var targeting = (ObjectNode) file.at("/environments/" + environment + "/flags/color");
      targeting.put("offVariant", "c").putObject("default").put("variant", "b");
    }
    var segments = (ObjectNode) file.at("/environments/production/segments");
    ((ObjectNode) segments.get("vip")).putObject("when").put("segment", "all"); // turned round
    ((ObjectNode) segments.get("all"))
        .set("when", JSON.readTree("{\"flag\":\"color\",\"variants\":[\"c\"]}"));
    var answer = send(project, "", file);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(file(project)).isEqualTo(file);
  }

  @Test
  void allThatIsRefusedIsToldAtOnce() {
    var file = file(project);
    ((ObjectNode) file.at("/flags/checkout")).put("type", "string");
    ((ObjectNode) file.get("flags")).putObject("CHECKOUT").put("name", "x").put("type", "boolean");
    ((ObjectNode) file.at("/environments/production/segments/all"))
        .putObject("when")
        .put("segment", "no");
    ((ObjectNode) file.at("/environments/production/segments/vip")).put("contextType", "device");
    ((ObjectNode) file.at("/environments/production/flags")).putObject("missing");
    ((ObjectNode) file.at("/environments/staging/flags/Theme")).put("offVariant", "q");
    var slots = file.at("/environments/production/flags/checkout/rules/0/serve/rollout");
    ((ObjectNode) slots).putArray("slots").addArray().add("on").add(5);
    var paths =
        new String[] {
          "flags.checkout.type",
          "flags.CHECKOUT",
          "environments.production.segments.all.when",
          "environments.production.segments.vip.contextType",
          "environments.production.flags.missing",
          "environments.staging.flags.Theme.offVariant",
          "environments.production.flags.checkout.rules[0].serve.rollout.slots"
        };
    var dry = send(project, "?dryRun=true", file);
    assertThat(dry.status()).isEqualTo(200);
    assertThat(texts(dry.json().path("refused"), "path")).contains(paths);
    var answer = send(project, "", file);
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(texts(answer.json().path("errors"), "path")).contains(paths);
    file.put("color", 1);
    assertThat(send(project, "", file).status()).isEqualTo(400);
  }

  @Test
  void anEditorsFileChangesNothingThatProductionServes() {
    var token =
        admin
            .create(
                "/tokens",
                "{\"name\":\"ci\",\"roles\":[{\"role\":\"editor\",\"project\":\"%s\"}]}"
                    .formatted(project))
            .path("token")
            .asString();
    var editor = Admin.at(server.url(), token);
    var path = "/projects/" + project + "/import";
    var file = file(project);
    assertThat(editor.send("POST", path, file.toString()).status()).isEqualTo(200);
    ((ObjectNode) file.at("/environments/staging/flags/checkout")).put("enabled", true);
    assertThat(editor.send("POST", path, file.toString()).status()).isEqualTo(200);
    for (var place :
        List.of(
            "/environments/production/flags/Theme/enabled",
            "/environments/production/segments/all/name",
            "/environments/production/eventDefinitions/Purchase made/name",
            "/environments/production/name",
            "/flags/checkout/name")) {
      var changed = file.deepCopy();
      var parent = (ObjectNode) changed.at(place.substring(0, place.lastIndexOf('/')));
      if (place.endsWith("enabled")) {
        parent.put("enabled", true);
      } else {
        parent.put("name", "Changed");
      }
      assertThat(editor.send("POST", path + "?dryRun=true", changed.toString()).status())
          .isEqualTo(200);
      assertThat(editor.send("POST", path, changed.toString()).status()).as(place).isEqualTo(403);
    }
    assertThat(file(project)).isEqualTo(file);
  }

  @Test
  void whatCannotBeReadIsRefused() {
    assertThat(yaml(project, "", "stitchd: 1\nflags: &a {}\nenvironments: *a\n").status())
        .isEqualTo(400);
    assertThat(send(project, "?dryRun=true", "{").status()).isEqualTo(400);
    assertThat(send(project, "?dryRun=maybe", "{\"stitchd\":1}").status()).isEqualTo(400);
    assertThat(send(project, "", "{\"stitchd\":2}").status()).isEqualTo(422);
    assertThat(send(project, "", "{\"stitchd\":1}").json().path("unchanged").asInt()).isZero();
    assertThat(
            admin
                .send("POST", "/projects/" + project + "/import", "x", "Content-Type", "text/plain")
                .status())
        .isEqualTo(415);
    assertThat(yaml(project, "", "# " + "x".repeat(70_000)).status()).isEqualTo(413);
    assertThat(send("missing", "", "{").status()).isEqualTo(404);
  }
}
