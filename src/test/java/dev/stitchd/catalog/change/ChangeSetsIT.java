package dev.stitchd.catalog.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
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

/// Sets of changes to a whole server, each test in a project of its own.
@Timeout(120)
class ChangeSetsIT {

  private static final String SEGMENT =
      "{\"key\":\"vip\",\"name\":\"VIP\",\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"gold\"]}}";
  private static final String USE =
      "{\"enabled\":true,\"rules\":[{\"id\":\"vip\",\"when\":{\"segment\":\"vip\"},\"serve\":{\"variant\":\"on\"}}]}";

  private static Server server;
  private static Admin admin;

  private String project = "";

  @BeforeAll
  static void start() {
    server = Server.start(Map.of("STITCHD_CHANGES_MAX", "6"));
    admin = server.admin();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @BeforeEach
  void projectOfItsOwn() {
    project = "p-" + UUID.randomUUID();
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createEnvironment(project, "staging");
    admin.createFlag(project, "checkout");
  }

  private static String change(String method, String path, String ifMatch, String body) {
    return "{\"method\":\"%s\",\"path\":\"%s\"%s%s}"
        .formatted(
            method,
            path,
            ifMatch.isEmpty() ? "" : ",\"ifMatch\":\"" + ifMatch + "\"",
            body.isEmpty() ? "" : ",\"body\":" + body);
  }

  private Http.Answer apply(List<String> changes, String... headers) {
    return admin.send(
        "POST",
        "/projects/" + project + "/environments/production/changes",
        "{\"changes\":[" + String.join(",", changes) + "]}",
        headers);
  }

  private long revision(String environment) {
    return admin
        .get("/projects/" + project + "/environments/" + environment)
        .path("revision")
        .asLong();
  }

  private static List<String> texts(JsonNode list, String... names) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(item ->
            String.join(" ", List.of(names).stream().map(n -> item.path(n).asString("")).toList()))
        .toList();
  }

  @Test
  void severalWritesAreOneRevisionOfEachEnvironment() {
    long production = revision("production");
    long staging = revision("staging");
    var answer =
        apply(
            List.of(
                change("POST", "environments/production/segments", "", SEGMENT),
                change(
                    "POST", "flags", "", "{\"key\":\"new\",\"name\":\"New\",\"type\":\"boolean\"}"),
                change("PATCH", "flags/new/environments/production", "1", USE),
                change("PATCH", "flags/checkout/environments/production", "\\\"1\\\"", USE),
                change("PATCH", "flags/new", "*", "{\"name\":\"Newer\"}")),
            "Stitchd-Comment",
            "launch");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.header("Stitchd-Revision"))
        .isEqualTo("production=%d, staging=%d".formatted(production + 1, staging + 1));
    assertThat(texts(answer.json().path("changes"), "path", "status", "version"))
        .containsExactly(
            "environments/production/segments 201 1",
            "flags 201 1",
            "flags/new/environments/production 200 2",
            "flags/checkout/environments/production 200 2",
            "flags/new 200 2");
    assertThat(answer.json().at("/changes/4/body/name").asString()).isEqualTo("Newer");
    assertThat(revision("production")).isEqualTo(production + 1);
    assertThat(revision("staging")).isEqualTo(staging + 1);
    var made =
        admin.get(
            "/projects/%s/environments/production/revisions/%d".formatted(project, production + 1));
    assertThat(texts(made.path("items"), "kind", "key", "change"))
        .containsExactly("flag checkout changed", "flag new created", "segment vip created");
    assertThat(made.path("comment").asString()).isEqualTo("launch");
    var preview =
        admin.create(
            "/projects/" + project + "/environments/production/evaluate",
            "{\"flag\":\"new\",\"context\":{\"targetingKey\":\"u\",\"plan\":\"gold\"}}");
    assertThat(preview.path("variant").asString()).isEqualTo("on");
  }

  @Test
  void anItemThatIsChangedTwiceIsPublishedAsItIsAtTheEnd() {
    var answer =
        apply(
            List.of(
                change("POST", "environments/production/segments", "", SEGMENT),
                change("DELETE", "environments/production/segments/vip", "1", ""),
                change(
                    "PATCH", "flags/checkout/environments/production", "1", "{\"enabled\":true}"),
                change(
                    "PATCH",
                    "flags/checkout/environments/production",
                    "2",
                    "{\"default\":{\"variant\":\"on\"}}")));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(texts(answer.json().path("changes"), "status"))
        .containsExactly("201", "204", "200", "200");
    var made =
        admin.get(
            "/projects/%s/environments/production/revisions/%d"
                .formatted(project, revision("production")));
    assertThat(texts(made.path("items"), "key", "change")).containsExactly("checkout changed");
    assertThat(texts(made.path("items").path(0).path("changes"), "path", "after"))
        .containsExactly("enabled true", "default.variant on");
  }

  @Test
  void everythingThatIsWrongIsToldAtOnceAndNothingIsDone() {
    long before = revision("production");
    var answer =
        apply(
            List.of(
                change(
                    "PATCH",
                    "flags/checkout/environments/production",
                    "1",
                    "{\"default\":{\"variant\":\"maybe\"},\"offVariant\":\"no\"}"),
                change(
                    "PATCH", "flags/checkout/environments/production", "1", "{\"enabled\":true}"),
                change("PATCH", "flags/missing", "", "{\"name\":\"x\"}"),
                change("PUT", "flags/checkout/environments/staging", "1", "{}"),
                change("POST", "environments/production/segments", "", "{\"key\":\"x\"}"),
                change("DELETE", "flags/checkout", "9", "")));
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(texts(answer.json().path("errors"), "path"))
        .containsExactlyInAnyOrder(
            "changes[0].body.default.variant",
            "changes[0].body.offVariant",
            "changes[2].path",
            "changes[3].path",
            "changes[4].body.name",
            "changes[5].ifMatch");
    assertThat(revision("production")).isEqualTo(before);
    assertThat(admin.targeting(project, "checkout", "production").path("enabled").asBoolean())
        .isFalse();
  }

  @Test
  void whatIsMalformedIsToldBeforeVersionsAndTheseBeforeConflicts() {
    var stale = change("PATCH", "flags/checkout", "9", "{\"name\":\"x\"}");
    var taken =
        change("POST", "flags", "", "{\"key\":\"CHECKOUT\",\"name\":\"x\",\"type\":\"boolean\"}");
    var unnamed = change("DELETE", "flags/checkout", "", "");
    refused(apply(List.of(stale)), 409, "stale-version", "changes[0].ifMatch");
    refused(apply(List.of(taken)), 409, "key-taken", "changes[0]");
    refused(
        apply(List.of(taken, unnamed)),
        428,
        "version-required",
        "changes[0]",
        "changes[1].ifMatch");
    refused(
        apply(List.of(stale, change("PATCH", "flags/checkout", "x", "[]"))),
        400,
        "malformed",
        "changes[1].ifMatch",
        "changes[1].body",
        "changes[0].ifMatch");
    refused(
        apply(List.of(stale, change("PATCH", "flags/checkout", "*", "{\"color\":1}"))),
        400,
        "malformed",
        "changes[0].ifMatch",
        "changes[1].body.color");
    refused(apply(List.of()), 422, "invalid", "changes");
    refused(
        apply(List.of(stale, stale, stale, stale, stale, stale, stale)), 422, "invalid", "changes");
    refused(
        apply(
            List.of(
                change("GET", "flags", "", ""),
                change("POST", "environments/production", "", "{}"),
                change("DELETE", "flags/checkout/environments/production", "*", ""),
                change("PATCH", "%zz", "", "{}"))),
        422,
        "invalid",
        "changes[0].method",
        "changes[1].path",
        "changes[2].method",
        "changes[3].path");
  }

  private static void refused(Http.Answer answer, int status, String code, String... paths) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.json().path("code").asString()).isEqualTo(code);
    assertThat(texts(answer.json().path("errors"), "path")).containsExactly(paths);
  }

  @Test
  void aSetThatIsSentAgainUnderItsKeyIsNotDoneAgain() {
    var set = List.of(change("PATCH", "flags/checkout", "", "{\"name\":\"Once\"}"));
    var key = UUID.randomUUID().toString();
    var first = apply(set, "Idempotency-Key", key);
    long revision = revision("production");
    var second = apply(set, "Idempotency-Key", key);
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.header("Stitchd-Revision")).isEqualTo(first.header("Stitchd-Revision"));
    assertThat(revision("production")).isEqualTo(revision);
    var other = apply(List.of(change("DELETE", "flags/checkout", "*", "")), "Idempotency-Key", key);
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.json().path("code").asString()).isEqualTo("idempotency-key-reused");
  }
}
