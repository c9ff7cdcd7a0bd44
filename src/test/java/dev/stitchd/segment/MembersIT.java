package dev.stitchd.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.boundary.ContentCodingTest;
import dev.stitchd.catalog.segment.SegmentLists;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Lists through the management API of a whole server.
class MembersIT {

  private static final String ENVIRONMENT = "/projects/web/environments/production";
  private static final Duration SOON = Patience.SOON;

  private static Server server;
  private static String sdkKey;

  @BeforeAll
  static void aServer() {
    server =
        Server.start(
            Map.of(
                "STITCHD_LISTS_REMOVAL_CHECK", "PT0.2S",
                "STITCHD_LISTS_RETENTION", "PT1S",
                "STITCHD_LISTS_CHUNK_ROWS", "1000",
                "STITCHD_LISTS_EXPORT_PAGE", "700",
                "STITCHD_LISTS_REMOVAL_BATCH", "500",
                "STITCHD_LISTS_ERRORS_LISTED", "3"));
    server.admin().createProject("web");
    server.admin().createEnvironment("web", "production");
    sdkKey = server.admin().createSdkKey("web", "production", "server");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void aListIsReplacedAsAWholeInEitherFormAndCoding() throws Exception {
    var members = segment("replaced");
    var csv = "key,list\n" + keys("a", 2500) + "\"quo\"\"ted, key\",excluded\nä€😀\n";
    for (var coding : ContentCoding.values()) {
      var done =
          Upload.whole(
              server,
              members,
              "text/csv",
              ContentCodingTest.pack(coding, csv.getBytes(UTF_8)),
              "Content-Encoding",
              coding.name().toLowerCase(java.util.Locale.ROOT));
      assertThat(done.status()).as(done.json().toString()).isEqualTo(200);
      assertThat(done.json().path("state").asString()).isEqualTo("done");
      assertThat(done.json().path("rows").asLong()).isEqualTo(2502);
      assertThat(list("replaced").path("included").asLong()).isEqualTo(2501);
      assertThat(list("replaced").path("excluded").asLong()).isEqualTo(1);
    }
    assertThat(lookup(members, "quo%22ted,%20key").path("excluded").asBoolean()).isTrue();

    var before = list("replaced").path("generation").asLong();
    var ndjson = "{\"key\":\"only\"}\n{\"list\":\"excluded\",\"key\":\"not\"}";
    var done = Upload.whole(server, members, "application/x-ndjson", ndjson.getBytes(UTF_8)).json();
    assertThat(done.path("generation").asLong()).isGreaterThan(before);
    assertThat(all(members, "")).containsExactly("only+", "not-");
    await()
        .atMost(SOON)
        .until(() -> published("replaced").path("generation").equals(done.path("generation")));
    await().atMost(SOON).until(() -> generations("replaced") == 1);
    assertThat(rows()).as("members of replaced lists").isLessThan(2502);
  }

  @Test
  void duplicatesAreCountedAndNotFatalAlsoAcrossChunks() throws Exception {
    var members = segment("doubled");
    var done = Upload.csv(server, members, keys("d", 1500) + keys("d", 1200) + "d-1,excluded\n");
    assertThat(done.json().path("rows").asLong()).isEqualTo(2701);
    assertThat(done.json().path("duplicates").asLong()).isEqualTo(1200);
    assertThat(list("doubled").path("included").asLong()).isEqualTo(1500);
    assertThat(lookup(members, "d-1").path("included").asBoolean()).isTrue();
    assertThat(lookup(members, "d-1").path("excluded").asBoolean()).isTrue();
  }

  @Test
  void anInvalidUploadNamesTheLinesAndLeavesTheListAndNoRubbish() throws Exception {
    var members = segment("kept");
    var _ = Upload.csv(server, members, "old\n");
    var before = list("kept");
    var bad = new java.io.ByteArrayOutputStream();
    bad.writeBytes(keys("n", 1100).getBytes(UTF_8));
    bad.writeBytes("\n".getBytes(UTF_8));
    bad.writeBytes(new byte[] {'x', (byte) 0xff, '\n'});
    bad.writeBytes(("y".repeat(513) + "\n\"open\nz,maybe\n").getBytes(UTF_8));
    var refused = Upload.whole(server, members, "text/csv", bad.toByteArray());
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("code").asString()).isEqualTo("invalid-members");
    assertThat(refused.json().path("errors").toString())
        .contains("line 1101", "empty", "line 1102", "not UTF-8", "line 1103", "longer than 512")
        .doesNotContain("line 1104");
    assertThat(list("kept")).isEqualTo(before);
    assertThat(all(members, "")).containsExactly("old+");
    await().atMost(SOON).until(() -> generations("kept") == 1);
    var remembered = server.admin().get(members + "/imports").path("items").path(0);
    assertThat(remembered.path("state").asString()).isEqualTo("failed");
    assertThat(remembered.path("rejected").asLong()).isEqualTo(5);
    assertThat(remembered.at("/errors/0/line").asLong()).isEqualTo(1101);
    var one = server.admin().get(members + "/imports/" + remembered.path("id").asString());
    assertThat(one.path("errors")).hasSize(3);
    assertThat(Upload.whole(server, members, "text/plain", "u".getBytes(UTF_8)).status())
        .isEqualTo(415);
  }

  @Test
  void whileAnUploadRunsTheListServesAndChangesWait() throws Exception {
    var members = segment("busy");
    var _ = Upload.csv(server, members, "old\n");
    try (var upload = Upload.begin(server, members, "text/csv")) {
      upload.send(keys("new", 2100));
      await().atMost(SOON).until(() -> running(members).path("rows").asLong() >= 2000);
      assertThat(running(members).path("state").asString()).isEqualTo("running");
      assertThat(all(members, "")).containsExactly("old+");
      for (var refused :
          List.of(
              server.admin().send("POST", members, "{\"keys\":[\"u\"]}"),
              server.admin().send("DELETE", members, "{\"keys\":[\"old\"]}"))) {
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("code").asString()).isEqualTo("import-in-progress");
      }
      var second = Upload.csv(server, members, "other\n");
      assertThat(second.status()).isEqualTo(409);
      assertThat(second.json().path("code").asString()).isEqualTo("import-in-progress");
      assertThat(upload.end().json().path("state").asString()).isEqualTo("done");
    }
    assertThat(list("busy").path("included").asLong()).isEqualTo(2100);
    assertThat(server.admin().send("POST", members, "{\"keys\":[\"u\"]}").status()).isEqualTo(200);
  }

  @Test
  void anUploadThatIsCutOffLeavesTheListAndNoRubbish() throws Exception {
    var members = segment("cut");
    var _ = Upload.csv(server, members, "old\n");
    try (var upload = Upload.begin(server, members, "text/csv")) {
      upload.send(keys("new", 3500));
      await().atMost(SOON).until(() -> running(members).path("rows").asLong() >= 2000);
      upload.cutOff();
    }
    await().atMost(SOON).until(() -> running(members).path("state").asString().equals("failed"));
    assertThat(all(members, "")).containsExactly("old+");
    await().atMost(SOON).until(() -> generations("cut") == 1);
    assertThat(Upload.csv(server, members, "next\n").status()).isEqualTo(200);
  }

  @Test
  void singleChangesHoldAtOnceAndAreAnnouncedTogether() throws Exception {
    var members = segment("changing");
    long before = revision();
    long start = System.nanoTime();
    for (int i = 0; i < 60; i++) {
      var added =
          server.admin().send("POST", members, "{\"keys\":[\"a-" + i + "\",\"a-" + i + "\"]}");
      assertThat(added.json().path("version").asLong()).isEqualTo(i + 1);
      assertThat(lookup(members, "a-" + i).path("included").asBoolean()).isTrue();
    }
    var again = server.admin().send("POST", members, "{\"keys\":[\"a-1\"]}").json();
    assertThat(again.path("changed").asLong()).isZero();
    assertThat(again.path("version").asLong()).isEqualTo(60);
    var removed =
        server.admin().send("DELETE", members, "{\"keys\":[\"a-1\",\"a-2\",\"no\"]}").json();
    assertThat(removed.path("changed").asLong()).isEqualTo(2);
    assertThat(removed.path("included").asLong()).isEqualTo(58);
    var excluded =
        server.admin().send("POST", members + "?list=excluded", "{\"keys\":[\"a-3\"]}").json();
    assertThat(excluded.path("excluded").asLong()).isEqualTo(1);
    await()
        .atMost(Patience.withinSeconds(3))
        .until(() -> published("changing").path("version").asLong() == 62);
    var took = Duration.ofNanos(System.nanoTime() - start);
    assertThat(revision() - before).isBetween(1L, took.toSeconds() + 2); // once a second at most
    assertThat(
            server.admin().send("POST", members, "{\"keys\":[\"\",7,\"" + "x".repeat(600) + "\"]}"))
        .satisfies(answer -> {
          assertThat(answer.status()).isEqualTo(400);
          assertThat(answer.body()).contains("keys[0]", "keys[1]", "keys[2]");
        });
  }

  @Test
  void aListIsPagedLookedUpAndDownloaded() throws Exception {
    var members = segment("read");
    var csv = keys("k", 2000) + "\"with, comma\"\n" + keys("x", 100).replace("\n", ",excluded\n");
    assertThat(Upload.csv(server, members, csv).status()).isEqualTo(200);
    var paged = all(members, "");
    assertThat(paged).hasSize(2101).doesNotHaveDuplicates();
    assertThat(paged.subList(0, 2001)).allMatch(m -> m.endsWith("+")).isSorted();
    assertThat(all(members, "list=excluded")).hasSize(100).allMatch(m -> m.startsWith("x-"));
    assertThat(server.admin().send("GET", members + "/nobody", "").status()).isEqualTo(404);
    assertThat(server.admin().send("GET", members + "?list=both", "").status()).isEqualTo(400);

    var exported = server.admin().send("GET", members, "", "Accept", "text/csv");
    assertThat(exported.header("Content-Disposition")).contains("read.csv");
    assertThat(exported.body().lines()).hasSize(2102).contains("\"with, comma\",included");
    var lines = server.admin().send("GET", members, "", "Accept", "application/x-ndjson");
    assertThat(lines.body().lines())
        .hasSize(2101)
        .contains("{\"key\":\"x-7\",\"list\":\"excluded\"}");

    var copy = segment("copy");
    var done = Upload.csv(server, copy, exported.body());
    assertThat(done.json().path("rows").asLong()).isEqualTo(2101);
    assertThat(all(copy, "")).isEqualTo(paged);
  }

  @Test
  void whateverAKeyHoldsItsDownloadCanBeUploaded() throws Exception {
    var members = segment("odd");
    var keys =
        List.of(
            "=1+1",
            "-2",
            "+3",
            "@four",
            "'five",
            " six ",
            "se\nven",
            "ei\r\nght",
            "\rnine",
            "\tten",
            "a;b",
            "a|b",
            "\"",
            "#",
            "key",
            "included",
            "a,excluded",
            "\ufeff",
            "ä€😀");
    var body = dev.stitchd.kernel.Json.object();
    keys.forEach(body.putArray("keys")::add);
    assertThat(server.admin().send("POST", members, body.toString()).status()).isEqualTo(200);
    var listed = all(members, "");
    assertThat(listed).hasSize(keys.size());
    for (var type : List.of("text/csv", "application/x-ndjson")) {
      var file = server.admin().send("GET", members, "", "Accept", type).body();
      var copy = segment("odd-" + type.substring(type.indexOf('/') + 1));
      var done = Upload.whole(server, copy, type, file.getBytes(UTF_8));
      assertThat(done.status()).as(done.json().toString()).isEqualTo(200);
      assertThat(all(copy, "")).isEqualTo(listed);
    }
  }

  @Test
  void anImportTellsWhatItsUploadWasTakenFor() throws Exception {
    var members = segment("recognized");
    var done = Upload.csv(server, members, "\ufeff\"Name\";\"KEY\"\rAda;u1\rBob;u2\r").json();
    var recognized =
        "{\"format\":\"csv\",\"byteOrderMark\":true,\"lineEnds\":\"cr\",\"delimiter\":\";\",\"header\":[\"Name\",\"KEY\"],\"ignored\":[\"Name\"]}";
    assertThat(done.path("recognized")).hasToString(recognized);
    assertThat(all(members, "")).containsExactly("u1+", "u2+");
    var one = server.admin().get(members + "/imports/" + done.path("id").asString());
    assertThat(one.path("recognized")).hasToString(recognized);
    assertThat(Upload.csv(server, members, "key;list\nu;both\n").status()).isEqualTo(422);
    var failed = server.admin().get(members + "/imports").at("/items/0");
    assertThat(failed.path("state").asString()).isEqualTo("failed");
    assertThat(failed.at("/recognized/delimiter").asString()).isEqualTo(";");
  }

  @Test
  void anUploadWithoutMembersEmptiesTheListOnlyIfThatIsAskedFor() throws Exception {
    var members = segment("emptied");
    assertThat(Upload.csv(server, members, "old\n").status()).isEqualTo(200);
    for (var nothing : List.of("", "key\n", "\ufeffKey,List\r\n")) {
      var refused = Upload.csv(server, members, nothing);
      assertThat(refused.status()).isEqualTo(422);
      assertThat(refused.json().path("code").asString()).isEqualTo("empty-upload");
    }
    assertThat(Upload.whole(server, members, "application/x-ndjson", new byte[0]).status())
        .isEqualTo(422);
    assertThat(all(members, "")).containsExactly("old+");
    assertThat(Upload.csv(server, members + "?empty=perhaps", "").status()).isEqualTo(400);
    assertThat(Upload.csv(server, members + "?empty=true", "key\n").status()).isEqualTo(200);
    assertThat(all(members, "")).isEmpty();
  }

  @Test
  void aSegmentInUseIsKeptAndCyclesAreNamed() throws Exception {
    segment("base");
    server.admin().send("POST", path("base"), "{\"keys\":[\"u\"]}");
    server
        .admin()
        .createSegment(
            "web",
            "production",
            "{\"key\":\"mixed\",\"name\":\"Mixed\",\"when\":{\"segment\":\"base\"}}");
    server.admin().send("POST", path("mixed"), "{\"keys\":[\"v\"]}");
    server.admin().createFlag("web", "using");
    var used =
        server
            .admin()
            .send(
                "PATCH",
                "/projects/web/flags/using/environments/production",
                "{\"rules\":[{\"id\":\"r\",\"when\":{\"segment\":\"mixed\"},\"serve\":{\"variant\":\"on\"}}]}");
    assertThat(used.status()).as(used.body()).isEqualTo(200);
    var usages = server.admin().get(ENVIRONMENT + "/segments/mixed/usages").path("items");
    assertThat(usages.toString())
        .contains("\"kind\":\"flag\"", "\"key\":\"using\"", "\"path\":\"rules[0].when\"");
    assertThat(server.admin().get("/projects/web/flags/using/usages").path("items")).isEmpty();
    var refused =
        server.admin().send("DELETE", ENVIRONMENT + "/segments/base", "", "If-Match", "*");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.json().path("code").asString()).isEqualTo("in-use");
    assertThat(refused.body()).contains("segment 'mixed'");
    var cycle =
        server
            .admin()
            .send("PATCH", ENVIRONMENT + "/segments/base", "{\"when\":{\"segment\":\"mixed\"}}");
    assertThat(cycle.status()).isEqualTo(422);
    assertThat(cycle.body()).contains("base → mixed → base");
    assertThat(
            server
                .admin()
                .send("PATCH", ENVIRONMENT + "/segments/base", "{\"contextType\":\"device\"}")
                .status())
        .isEqualTo(422);
  }

  @Test
  void whatADeletedSegmentHadIsRemoved() throws Exception {
    var members = segment("gone");
    assertThat(Upload.csv(server, members, keys("gone", 1200)).status()).isEqualTo(200);
    server.admin().send("DELETE", ENVIRONMENT + "/segments/gone", "", "If-Match", "*");
    await()
        .atMost(SOON)
        .until(() ->
            ask("SELECT count(*) FROM segment_list_members WHERE context_key LIKE 'gone-%'")
                .equals("0"));
    assertThat(server.admin().send("GET", members, "").status()).isEqualTo(404);
    segment("gone");
    assertThat(all(members, "")).isEmpty();
  }

  @Test
  void anUploadIntoAnEnvironmentThatIsDeletedMeanwhileFailsAndLeavesNothing() throws Exception {
    server.admin().createEnvironment("web", "brief");
    server.admin().createSegment("web", "brief", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    var environment = "/projects/web/environments/brief";
    var members = environment + "/segments/vip/members";
    try (var upload = Upload.begin(server, members, "text/csv")) {
      upload.send(keys("brief", 2500));
      await().atMost(SOON).until(() -> running(members).path("rows").asLong() >= 2000);
      var deleted = server.admin().send("DELETE", environment, "", "If-Match", "*");
      assertThat(deleted.status()).as(deleted.body()).isEqualTo(202);
      upload.send(keys("late", 2500));
      assertThat(upload.end().status()).isIn(404, 409);
    }
    await()
        .atMost(SOON)
        .until(() ->
            ask("SELECT count(*) FROM environments WHERE key = 'brief'").equals("0")
                && ask("SELECT count(*) FROM segment_list_members WHERE context_key ~ '^(brief|late)-'")
                    .equals("0"));
  }

  @Test
  void aListThatChangesAgainAndAgainKeepsTwoAnnouncementsInTheLog() {
    var members = segment("restless");
    var tenant = new TenantId(UUID.fromString(ask("SELECT id FROM tenants WHERE key = 'default'")));
    var environment =
        new EnvironmentId(
            UUID.fromString(ask("SELECT id FROM environments WHERE key = 'production'")));
    long before = revision();
    for (int i = 0; i < 8; i++) {
      server.admin().create(members, "{\"keys\":[\"b-" + i + "\"]}");
      var _ = server.bean(SegmentLists.class).announce(tenant, environment, Duration.ZERO).block();
    }
    await().atMost(SOON).until(() -> published("restless").path("version").asLong() == 8);
    assertThat(revision()).as("each is a revision").isGreaterThanOrEqualTo(before + 8);
    assertThat(ask("SELECT count(*) FROM environment_changes WHERE item_key = 'restless'"))
        .as("its creation, its first members, and what it is now")
        .isEqualTo("3");
  }

  private static String segment(String key) {
    server
        .admin()
        .createSegment("web", "production", "{\"key\":\"%s\",\"name\":\"%s\"}".formatted(key, key));
    return path(key);
  }

  private static String path(String segment) {
    return ENVIRONMENT + "/segments/" + segment + "/members";
  }

  static String keys(String prefix, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> prefix + "-" + i + "\n")
        .collect(Collectors.joining());
  }

  private static JsonNode list(String segment) {
    return server.admin().get(ENVIRONMENT + "/segments/" + segment).path("list");
  }

  private static JsonNode lookup(String members, String key) {
    return server.admin().get(members + "/" + key);
  }

  private static JsonNode running(String members) {
    return server.admin().get(members + "/imports").path("items").path(0);
  }

  private static JsonNode published(String segment) {
    return config().path("segments").path(segment).path("list");
  }

  private static long revision() {
    return config().path("revision").asLong();
  }

  private static JsonNode config() {
    return server
        .http()
        .send("GET", "/sdk/v1/config", "", "Authorization", "Bearer " + sdkKey)
        .json();
  }

  /// Every member by pages, as `key+` or `key-`.
  private static List<String> all(String members, String query) {
    var found = new ArrayList<String>();
    var cursor = "";
    do {
      var page = server.admin().get(members + "?limit=200&" + query + cursor);
      for (var item : page.path("items")) {
        found.add(
            item.path("key").asString()
                + (item.path("list").asString().equals("included") ? "+" : "-"));
      }
      cursor = page.has("nextCursor") ? "&cursor=" + page.path("nextCursor").asString() : "";
    } while (!cursor.isEmpty());
    return found;
  }

  private static long generations(String segment) {
    return Long.parseLong(
        ask(
            "SELECT count(*) FROM segment_generations g JOIN segments s ON s.id = g.segment_id WHERE s.key = '"
                + segment
                + "'"));
  }

  private static long rows() {
    return Long.parseLong(
        ask("SELECT count(*) FROM segment_list_members WHERE context_key LIKE 'a-%'"));
  }

  private static String ask(String sql) {
    return StoreUrl.of(server.postgres()).query(sql).getFirst();
  }
}
