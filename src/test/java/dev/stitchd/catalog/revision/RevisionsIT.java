package dev.stitchd.catalog.revision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.ListMembers;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.util.List;
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

/// The past of an environment of a whole server, each test in a project of its own.
@Timeout(120)
class RevisionsIT {

  private static final JsonMapper JSON = new JsonMapper();

  private static Server server;
  private static Admin admin;

  private String project = "";
  private String environment = "";

  @BeforeAll
  static void start() {
    server = Server.start();
    admin = server.admin();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @BeforeEach
  void projectOfItsOwn() {
    project = "p-" + UUID.randomUUID();
    environment = "/projects/" + project + "/environments/production";
    admin.createProject(project);
    admin.createEnvironment(project, "production");
  }

  private long revision() {
    return admin.get(environment).path("revision").asLong();
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
                  [{"id":"eu","description":"the union","when":{"attribute":"country","op":"in","values":["DE"]},
                    "serve":{"rollout":{"weights":{"on":%d,"off":%d}}}}]\
                  """
                      .formatted(on, 100 - on)));
        });
  }

  private Http.Answer restore(long revision) {
    return admin.send(
        "POST", environment + "/revisions/" + revision + "/restore", "{}", "Stitchd-Comment", "no");
  }

  private static List<String> texts(JsonNode list, String... names) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(item ->
            String.join(" ", List.of(names).stream().map(n -> item.path(n).asString("")).toList()))
        .toList();
  }

  @Test
  void revisionsAreListedNewestFirstWithWhoWhyAndWhat() {
    admin.createFlag(project, "checkout");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.send(
        "PATCH",
        "/projects/" + project + "/flags/checkout/environments/production",
        "{\"enabled\":true}",
        "Stitchd-Comment",
        "launch");
    admin.send("DELETE", environment + "/segments/vip", "", "If-Match", "*");

    var first = admin.get(environment + "/revisions?limit=2");
    assertThat(texts(first.path("items"), "revision", "comment")).containsExactly("5 ", "4 launch");
    var launch = first.path("items").path(1);
    assertThat(launch.path("items").toString())
        .isEqualTo("[{\"kind\":\"flag\",\"key\":\"checkout\",\"change\":\"changed\"}]");
    assertThat(launch.path("itemCount").asInt()).isEqualTo(1);
    assertThat(launch.path("at").asString()).endsWith("Z");
    assertThat(launch.path("actor").isMissingNode()).isFalse();
    assertThat(first.path("items").path(0).path("items").toString())
        .isEqualTo("[{\"kind\":\"segment\",\"key\":\"vip\",\"change\":\"removed\"}]");

    var second =
        admin.get(environment + "/revisions?limit=2&cursor=" + first.path("nextCursor").asString());
    assertThat(texts(second.path("items"), "revision")).containsExactly("3", "2");
    assertThat(second.path("items").path(0).path("items").path(0).path("change").asString())
        .isEqualTo("created");
    assertThat(second.has("nextCursor")).isFalse();
  }

  @Test
  void aRevisionTellsWhatChangedFieldByFieldAndWhatWasPublished() {
    admin.createFlag(project, "checkout");
    roll(10);
    roll(30);
    long newest = revision();
    admin.serve(project, "checkout", "production", "on");

    var one = admin.get(environment + "/revisions/" + newest);
    var changes = one.path("items").path(0).path("changes");
    assertThat(texts(changes, "path", "before", "after"))
        .containsExactly(
            "rules[eu].serve.rollout.weights.on 10 30",
            "rules[eu].serve.rollout.weights.off 90 70",
            "rules[eu].serve.rollout.slots  ");
    var flag = one.path("state").path("flags").path("checkout");
    assertThat(flag.path("type").asString()).isEqualTo("boolean");
    assertThat(flag.at("/rules/0/description").asString()).isEqualTo("the union");
    assertThat(flag.at("/default/variant").asString()).isEqualTo("off");
    assertThat(one.path("state").path("segments").size()).isZero();
  }

  @Test
  void anyTwoRevisionsAreCompared() {
    admin.createFlag(project, "checkout");
    long before = revision();
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.createFlag(project, "passing");
    admin.send("DELETE", "/projects/" + project + "/flags/passing", "", "If-Match", "*");
    admin.serve(project, "checkout", "production", "on");
    admin.serve(project, "checkout", "production", "off");
    long after = revision();

    var there = admin.get(environment + "/diff?from=" + before + "&to=" + after);
    assertThat(texts(there.path("items"), "kind", "key", "change"))
        .containsExactly("flag checkout changed", "segment vip created");
    assertThat(texts(there.path("items").path(0).path("changes"), "path", "before", "after"))
        .containsExactly("enabled false true");
    var back = admin.get(environment + "/diff?from=" + after + "&to=" + before);
    assertThat(texts(back.path("items"), "kind", "key", "change"))
        .containsExactly("flag checkout changed", "segment vip removed");
    assertThat(admin.get(environment + "/diff?from=1&to=1").path("items").size()).isZero();
    assertThat(admin.send("GET", environment + "/diff?from=x", "").status()).isEqualTo(400);
    assertThat(admin.send("GET", environment + "/diff?from=1&to=999", "").status()).isEqualTo(404);
  }

  @Test
  void aRevisionThatIsNotThereIsNotFoundWhateverTheBody() {
    for (var name : List.of("999", "0", "x", "-1", "99999999999999999999")) {
      var path = environment + "/revisions/" + name;
      assertThat(admin.send("GET", path, "").status()).as(name).isEqualTo(404);
      assertThat(admin.send("POST", path + "/restore", "{}").status()).as(name).isEqualTo(404);
      assertThat(admin.send("POST", path + "/restore", "{").status()).as(name).isEqualTo(404);
      assertThat(admin.send("POST", path + "/restore", "x", "Content-Type", "text/plain").status())
          .as(name)
          .isEqualTo(404);
    }
    assertThat(admin.send("POST", environment + "/revisions/1/restore", "{\"x\":1}").status())
        .isEqualTo(400);
  }

  @Test
  void aRestoreBringsBackWhatEditorsWroteWithItsSaltsAndSlots() {
    admin.createFlag(project, "checkout");
    admin.createSegment(
        project,
        "production",
        "{\"key\":\"beta\",\"name\":\"Beta\",\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"beta\"]}}");
    roll(50);
    roll(30);
    roll(45); // slots that a new layout of these weights would not have
    long then = revision();
    var wanted = editable();
    admin.changeTargeting(
        project, "checkout", "production", targeting -> targeting.putArray("rules"));
    roll(45);
    assertThat(editable()).isNotEqualTo(wanted);
    admin.patch(
        environment + "/segments/beta",
        "{\"name\":\"Renamed\",\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"free\"]}}");
    admin.patch("/projects/" + project + "/flags/checkout", "{\"name\":\"Renamed\"}");
    admin.createFlag(project, "newer");
    admin.serve(project, "newer", "production", "on");
    long last = revision();

    var answer = restore(then);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.header("Stitchd-Revision")).isEqualTo("production=" + (last + 1));
    assertThat(answer.json().path("revision").asLong()).isEqualTo(last + 1);
    assertThat(texts(answer.json().path("items"), "kind", "key"))
        .containsExactly("segment beta", "flag checkout");
    assertThat(editable()).isEqualTo(wanted);
    assertThat(admin.get(environment + "/segments/beta").at("/when/values/0").asString())
        .isEqualTo("beta");
    assertThat(admin.get(environment + "/segments/beta").path("name").asString())
        .isEqualTo("Renamed");
    assertThat(admin.get("/projects/" + project + "/flags/checkout").path("name").asString())
        .isEqualTo("Renamed");
    assertThat(admin.targeting(project, "newer", "production").path("enabled").asBoolean())
        .as("made since then")
        .isTrue();
    var listed = admin.get(environment + "/revisions?limit=1").path("items").path(0);
    assertThat(listed.path("comment").asString()).isEqualTo("no");
    assertThat(
            texts(
                admin.get(environment + "/diff?from=" + then + "&to=" + (last + 1)).path("items"),
                "kind",
                "key",
                "change"))
        .containsExactly("flag newer created");
  }

  /// Without what a write makes anew.
  private ObjectNode editable() {
    var targeting = (ObjectNode) admin.targeting(project, "checkout", "production");
    return targeting.remove(List.of("version", "updatedAt"));
  }

  @Test
  void whatOlderVersionsLoggedComesBackWithTheDescriptionsOfToday() {
    admin.createFlag(project, "checkout");
    roll(30);
    long then = revision();
    roll(45);
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                UPDATE environment_changes SET targeting = NULL WHERE environment_id =
                  (SELECT e.id FROM environments e JOIN projects p ON p.id = e.project_id WHERE p.key = '%s')
                """
                    .formatted(project));

    assertThat(restore(then).status()).isEqualTo(200);
    var rule = editable().path("rules").path(0);
    assertThat(rule.path("description").asString()).isEqualTo("the union");
    assertThat(rule.at("/serve/rollout/weights").toString()).isEqualTo("{\"on\":30,\"off\":70}");
  }

  @Test
  void allThatDoesNotFitAnyMoreIsToldAtOnceAndNothingIsChanged() {
    admin.createFlag(project, "checkout");
    admin.createFlag(project, "gone");
    admin.createFlag(project, "retyped");
    admin.createFlag(project, "archived");
    admin.createFlagFrom(
        project,
        "{\"key\":\"theme\",\"name\":\"t\",\"type\":\"string\",\"variants\":{\"a\":\"1\",\"b\":\"2\"}}");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.changeTargeting(
        project,
        "checkout",
        "production",
        targeting ->
            targeting.set(
                "rules",
                JSON.readTree(
                    "[{\"id\":\"vip\",\"when\":{\"segment\":\"vip\"},\"serve\":{\"variant\":\"on\"}}]")));
    admin.changeTargeting(
        project,
        "theme",
        "production",
        targeting -> targeting.putObject("default").put("variant", "b"));
    long then = revision();
    admin.changeTargeting(
        project, "checkout", "production", targeting -> targeting.putArray("rules"));
    admin.changeTargeting(
        project,
        "theme",
        "production",
        targeting -> targeting.putObject("default").put("variant", "a"));
    for (var path :
        List.of("flags/gone", "flags/retyped", "environments/production/segments/vip")) {
      assertThat(
              admin
                  .send("DELETE", "/projects/" + project + "/" + path, "", "If-Match", "*")
                  .status())
          .isEqualTo(204);
    }
    admin.createFlagFrom(
        project,
        "{\"key\":\"retyped\",\"name\":\"t\",\"type\":\"string\",\"variants\":{\"on\":\"1\",\"off\":\"2\"}}");
    admin.patch("/projects/" + project + "/flags/archived", "{\"archived\":true}");
    admin.patch("/projects/" + project + "/flags/theme", "{\"variants\":{\"b\":null,\"c\":\"3\"}}");
    long last = revision();

    var answer = restore(then);
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(texts(answer.json().path("errors"), "path", "message"))
        .containsExactlyInAnyOrder(
            "flags.archived is archived now",
            "flags.checkout.rules[0].when unknown segment 'vip'",
            "flags.gone there is no flag 'gone' any more",
            "flags.retyped is of type string now, and was of type boolean",
            "flags.theme.default.variant unknown variant 'b'; the flag has a, c",
            "segments.vip there is no segment 'vip' any more");
    assertThat(revision()).isEqualTo(last);
  }

  @Test
  void theContextOfTodayIsEvaluatedInThePastAndTheAnswerWarnsOfLists() {
    admin.createFlag(project, "checkout");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    ListMembers.of(server, project, "production").include("vip", "ann");
    admin.serve(project, "checkout", "production", "on");
    long then = revision();
    admin.serve(project, "checkout", "production", "off");
    var preview =
        admin.create(
            environment + "/evaluate?revision=" + then,
            "{\"flag\":\"checkout\",\"context\":{\"targetingKey\":\"ann\"}}");
    assertThat(preview.path("variant").asString()).isEqualTo("on");
    assertThat(preview.path("warnings").path(0).path("path").asString()).isEqualTo("revision");
    assertThat(preview.path("warnings").path(0).path("message").asString())
        .contains("lists of today");
  }
}
