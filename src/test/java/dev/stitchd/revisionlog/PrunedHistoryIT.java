package dev.stitchd.revisionlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A log that is shortened every moment, in small batches, by two nodes. The tests make rows older
/// than the history.
@Timeout(180)
class PrunedHistoryIT {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Map<String, String> SETTINGS =
      Map.of(
          "STITCHD_HISTORY", "PT48H",
          "STITCHD_HISTORY_INTERVAL", "100ms",
          "STITCHD_HISTORY_BATCH", "3",
          "STITCHD_HISTORY_PAUSE", "1ms");

  private static Server server;
  private static Server other;
  private static Admin admin;

  @BeforeAll
  static void twoNodes() {
    server = Server.start(SETTINGS);
    other = Server.on(server.postgres(), server.clickHouse(), SETTINGS);
    admin = server.admin();
    admin.createProject("web");
  }

  @AfterAll
  static void stop() {
    other.stop();
    server.stop();
  }

  @Test
  void theLogKeepsWhatIsInForceAndTheHistory() {
    admin.createEnvironment("web", "kept");
    admin.createFlag("web", "checkout");
    admin.createFlag("web", "removed");
    for (int i = 0; i < 10; i++) {
      admin.serve("web", "checkout", "kept", i % 2 == 0 ? "on" : "off");
    }
    delete("removed");
    long old = revision("kept");
    age("kept", 49);
    admin.serve("web", "checkout", "kept", "on");
    admin.serve("web", "checkout", "kept", "off");

    await().atMost(SOON).until(() -> rows("kept").size() == 3);

    assertThat(rows("kept"))
        .as("the state that was in force when the history begins, and all since then")
        .containsExactly((old - 1) + " checkout", (old + 1) + " checkout", (old + 2) + " checkout");
    assertThat(preview("kept", old, "{\"flag\":\"checkout\"}").json().path("variant").asString())
        .isEqualTo("off");
    assertThat(
            preview("kept", old + 1, "{\"flag\":\"checkout\"}").json().path("variant").asString())
        .isEqualTo("on");
    assertThat(propagation("kept", old).status()).isEqualTo(200);
    assertThat(identities("kept")).as("identities of the past").isGreaterThan(old);
    assertThat(
            server.bean(MeterRegistry.class).get("stitchd.history.pruned").counter().count()
                + other.bean(MeterRegistry.class).get("stitchd.history.pruned").counter().count())
        .isGreaterThanOrEqualTo(12);
  }

  @Test
  void whoAsksForAnOlderRevisionIsToldHowFarTheHistoryGoes() {
    admin.createEnvironment("web", "asked");
    admin.createFlag("web", "banner");
    for (int i = 0; i < 4; i++) {
      admin.serve("web", "banner", "asked", i % 2 == 0 ? "on" : "off");
    }
    long newest = revision("asked");
    age("asked", 49);
    await()
        .atMost(SOON)
        .until(() -> rows("asked").contains(newest + " banner") && oldest("asked") == newest);

    for (var answer :
        List.of(
            preview("asked", newest - 1, "{\"flag\":\"banner\"}"),
            preview("asked", newest - 1, "no JSON"),
            preview("asked", 0, "{\"flag\":\"banner\"}"),
            propagation("asked", newest - 1),
            ask("asked", "GET", "/revisions/" + (newest - 1), ""),
            ask("asked", "GET", "/diff?from=%d&to=%d".formatted(newest, newest - 1), ""),
            ask("asked", "POST", "/revisions/" + (newest - 1) + "/restore", "{}"),
            ask("asked", "POST", "/revisions/" + (newest - 1) + "/restore", "no JSON"))) {
      assertThat(answer.status()).as(answer.body()).isEqualTo(404);
      assertThat(answer.json().path("code").asString()).isEqualTo("history-pruned");
      assertThat(answer.json().path("detail").asString())
          .endsWith("begins with revision " + newest);
    }
    assertThat(preview("asked", newest, "{\"flag\":\"banner\"}").status()).isEqualTo(200);
    assertThat(preview("asked", newest + 1, "{\"flag\":\"banner\"}").json().path("code").asString())
        .as("one that was never made")
        .isEqualTo("not-found");
    assertThat(propagation("asked", newest).status()).isEqualTo(200);
    var listed = ask("asked", "GET", "/revisions", "").json().path("items");
    assertThat(listed.size()).as("revisions that are known").isEqualTo(1);
    assertThat(listed.path(0).path("revision").asLong()).isEqualTo(newest);
    var changed = ask("asked", "GET", "/revisions/" + newest, "").json().path("items").path(0);
    assertThat(changed.path("change").asString()).isEqualTo("changed");
    assertThat(changed.has("changes")).as("what was before is not known").isFalse();
    assertThat(ask("asked", "POST", "/revisions/" + newest + "/restore", "{}").status())
        .isEqualTo(200);
  }

  @Test
  void aStateIsKnownForAsLongAsTheHistoryAfterItWasSuperseded() {
    admin.createEnvironment("web", "recent");
    admin.createFlag("web", "recent");
    admin.serve("web", "recent", "recent", "on");
    long then = revision("recent");
    age("recent", 1000);
    admin.serve("web", "recent", "recent", "off");
    age("recent", 47);

    admin.createEnvironment("web", "later"); // pruned after the other one, in order of neither
    admin.serve("web", "recent", "later", "on");
    admin.serve("web", "recent", "later", "off");
    age("later", 49);
    long newest = revision("later");
    await().atMost(SOON).until(() -> oldest("later") == newest);

    assertThat(preview("recent", then, "{\"flag\":\"recent\"}").json().path("variant").asString())
        .isEqualTo("on");
  }

  /// A transaction that began early may commit late, and a turn takes its time: a removal can be
  /// old enough to go while what it removed is not.
  @Test
  void aRemovalStaysAsLongAsWhatItRemovedDoes() {
    admin.createEnvironment("web", "haunted");
    admin.createFlag("web", "marker");
    admin.createFlag("web", "ghost");
    admin.serve("web", "ghost", "haunted", "on");
    delete("ghost");
    long deleted = revision("haunted");
    admin.serve("web", "marker", "haunted", "on");
    age("haunted", 49);
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                UPDATE environment_changes SET committed_at = now() - interval '47 hours'
                 WHERE item_key = 'ghost' AND item IS NOT NULL
                   AND environment_id = (SELECT id FROM environments WHERE key = 'haunted')
                """);

    // the marker's first state goes, so that the others have been looked at, too
    await()
        .atMost(SOON)
        .until(() -> rows("haunted").stream().filter(row -> row.endsWith("marker")).count() == 1);
    assertThat(rows("haunted")).contains(deleted + " ghost");
    assertThat(preview("haunted", deleted + 1, "{\"flag\":\"ghost\"}").body())
        .as("of a flag that is deleted")
        .contains("FLAG_NOT_FOUND");

    age("haunted", 49);
    await()
        .atMost(SOON)
        .until(() -> rows("haunted").stream().noneMatch(row -> row.endsWith("ghost")));
  }

  /// In order of their ids.
  @Test
  void anEnvironmentWhoseLogCannotBeShortenedKeepsNoOtherWaiting() {
    admin.createFlag("web", "shared");
    for (var key : List.of("one", "two")) {
      admin.createEnvironment("web", key);
      admin.serve("web", "shared", key, "on");
      admin.serve("web", "shared", key, "off");
    }
    var keys =
        StoreUrl.of(server.postgres())
            .query("SELECT key FROM environments WHERE key IN ('one', 'two') ORDER BY id");
    var failing = keys.getFirst();
    var next = keys.getLast();
    run(
        "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$");
    run(
        "CREATE TRIGGER refused BEFORE DELETE ON environment_changes FOR EACH ROW WHEN (OLD.environment_id = '%s') EXECUTE FUNCTION refused()"
            .formatted(
                StoreUrl.of(server.postgres())
                    .query("SELECT id FROM environments WHERE key = '" + failing + "'")
                    .getFirst()));
    try {
      int all = rows(failing).size();
      long newest = revision(next);
      age(failing, 49);
      age(next, 49);
      await().atMost(SOON).until(() -> oldest(next) == newest);
      assertThat(rows(failing)).hasSize(all);
    } finally {
      run("DROP TRIGGER refused ON environment_changes");
    }
    long newest = revision(failing);
    await().atMost(SOON).until(() -> oldest(failing) == newest);
  }

  private static void run(String sql) {
    var _ = StoreUrl.of(server.postgres()).query(sql);
  }

  private static void delete(String flag) {
    var answer = admin.send("DELETE", "/projects/web/flags/" + flag, "", "If-Match", "*");
    assertThat(answer.status()).as(answer.body()).isEqualTo(204);
  }

  private static Http.Answer preview(String environment, long revision, String body) {
    return admin.send(
        "POST",
        "/projects/web/environments/" + environment + "/evaluate?revision=" + revision,
        body);
  }

  private static Http.Answer propagation(String environment, long revision) {
    return admin.send(
        "GET",
        "/projects/web/environments/" + environment + "/propagation?revision=" + revision,
        "");
  }

  private static long revision(String environment) {
    return number("SELECT revision FROM environments WHERE key = '" + environment + "'");
  }

  private static Http.Answer ask(String environment, String method, String path, String body) {
    return admin.send(method, "/projects/web/environments/" + environment + path, body);
  }

  private static long oldest(String environment) {
    return number("SELECT pruned FROM environments WHERE key = '" + environment + "'");
  }

  private static long identities(String environment) {
    return number(
        """
        SELECT sum(length(identities)) / 8 FROM environment_revisions r JOIN environments e ON e.id = r.environment_id
         WHERE e.key = '%s'
        """
            .formatted(environment));
  }

  private static long number(String sql) {
    return Long.parseLong(StoreUrl.of(server.postgres()).query(sql).getFirst());
  }

  private static List<String> rows(String environment) {
    return StoreUrl.of(server.postgres())
        .query(
            """
            SELECT c.revision || ' ' || c.item_key FROM environment_changes c JOIN environments e ON e.id = c.environment_id
             WHERE e.key = '%s' ORDER BY c.revision
            """
                .formatted(environment));
  }

  /// Has everything in the log of an environment be written so many hours ago.
  private static void age(String environment, int hours) {
    var _ =
        StoreUrl.of(server.postgres())
            .query(
                """
                UPDATE environment_changes SET committed_at = least(committed_at, now() - interval '%d hours')
                 WHERE environment_id = (SELECT id FROM environments WHERE key = '%s')
                """
                    .formatted(hours, environment));
  }
}
