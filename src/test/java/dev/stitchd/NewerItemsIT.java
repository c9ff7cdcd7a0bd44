package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.Json;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A newer node publishes what this version does not know, as in the middle of a rolling upgrade.
@Timeout(120)
class NewerItemsIT {

  private static final Duration SOON = Patience.SOON;

  private static final String TAIL =
      "\"clientVisible\":true,\"enabled\":true,\"offVariant\":\"off\",\"targets\":[],";
  private static final String FLAG =
      "{\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false}," + TAIL;
  private static final String DEFAULT = "\"default\":{\"variant\":\"on\"}}";

  /// Items by key, each of a newer version or depending on one.
  private static final Map<String, String> FLAGS =
      Map.ofEntries(
          Map.entry(
              "operator",
              FLAG
                  + "\"prerequisites\":[],\"rules\":[{\"id\":\"r\",\"when\":{\"attribute\":\"name\",\"op\":\"soundsLike\",\"values\":[\"Ann\"]},\"serve\":{\"variant\":\"on\"}}],"
                  + DEFAULT),
          Map.entry(
              "form",
              FLAG
                  + "\"prerequisites\":[],\"rules\":[],\"default\":{\"bandit\":{\"arms\":[\"on\",\"off\"]}}}"),
          Map.entry(
              "field",
              FLAG
                  + "\"prerequisites\":[],\"rules\":[{\"id\":\"r\",\"until\":\"2030-01-01\",\"when\":{\"all\":[]},\"serve\":{\"variant\":\"on\"}}],"
                  + DEFAULT),
          Map.entry(
              "requires",
              FLAG
                  + "\"prerequisites\":[],\"rules\":[],\"requires\":[\"schedules\"],\"schedule\":{},"
                  + DEFAULT),
          Map.entry(
              "harmless",
              FLAG + "\"prerequisites\":[],\"rules\":[],\"owner\":\"team-a\"," + DEFAULT),
          Map.entry(
              "dependent",
              FLAG
                  + "\"prerequisites\":[{\"flag\":\"operator\",\"variants\":[\"on\"]}],\"rules\":[],"
                  + DEFAULT),
          Map.entry(
              "segmented",
              FLAG
                  + "\"prerequisites\":[],\"rules\":[{\"id\":\"first\",\"when\":{\"attribute\":\"vip\",\"op\":\"equals\",\"values\":[true]},\"serve\":{\"variant\":\"on\"}},"
                  + "{\"id\":\"r\",\"when\":{\"not\":{\"segment\":\"newer\"}},\"serve\":{\"variant\":\"on\"}}],"
                  + DEFAULT),
          Map.entry(
              "disabled",
              (FLAG + "\"prerequisites\":[],\"rules\":[],\"default\":{\"bandit\":{}}}")
                  .replace("\"enabled\":true", "\"enabled\":false")),
          Map.entry(
              "unreadable",
              "{\"type\":\"colour\",\"variants\":{\"on\":\"#fff\",\"off\":\"#000\"},"
                  + TAIL
                  + "\"prerequisites\":[],\"rules\":[],"
                  + DEFAULT),
          Map.entry("plain", FLAG + "\"prerequisites\":[],\"rules\":[]," + DEFAULT));

  private static final String SEGMENT =
      "{\"contextType\":\"user\",\"when\":{\"attribute\":\"x\",\"op\":\"soundsLike\",\"values\":[\"y\"]}}";

  @TempDir private Path folder;

  private OwnPostgres postgres;
  private String database;
  private String events;

  @BeforeEach
  void ownPostgres() {
    postgres = OwnPostgres.started();
    database = postgres.freshDatabase().url();
    events = Stores.shared().freshClickHouse().url();
  }

  @AfterEach
  void stopPostgres() {
    postgres.close();
  }

  @Test
  void whatThisVersionCannotReadGivesItsOffVariantAndNothingElseSuffers() throws SQLException {
    String key;
    String browser;
    try (var node = node()) {
      var admin = node.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      admin.serve("web", "checkout", "production", "on");
      key = admin.createSdkKey("web", "production", "server");
      browser = admin.createSdkKey("web", "production", "client");
      assertThat(degraded(node)).doesNotContain("unsupported-items");
      try (var stream = node.stream(key)) {
        stream.await(event("put"), SOON);
        publish();
        var patch = stream.await(event("patch"), SOON).json();
        assertUnchanged(patch);
        checkEvaluations(node, key);
      }
      checkClient(node, browser);
      assertUnchanged(node.http().get("/sdk/v1/config", "X-API-Key", key).json());
      checkRecorded(node, key);
      checkPreview(node);
      admin.serve("web", "checkout", "production", "off"); // others can still be written
      assertThat(
              admin
                  .send(
                      "POST",
                      "/projects/web/flags",
                      "{\"key\":\"worse\",\"type\":\"boolean\",\"targeting\":{}}")
                  .status())
          .isBetween(400, 499);
    }
    try (var node = node()) { // from its start
      checkEvaluations(node, key);
      await().atMost(SOON).until(() -> degraded(node).contains("unsupported-items"));
    }
    postgres.kill();
    try (var node = node()) { // from its own files
      assertThat(degraded(node)).contains("postgresql");
      checkEvaluations(node, key);
      assertUnchanged(node.http().get("/sdk/v1/config", "X-API-Key", key).json());
      assertThat(degraded(node)).contains("unsupported-items");
    }
  }

  @Test
  void whatANewerNodeStoredIsShownAsItIsAndIsNotChangedHere() throws SQLException {
    try (var node = node()) {
      var admin = node.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "search");
      admin.createFlag("web", "checkout");
      admin.createSegment(
          "web",
          "production",
          "{\"key\":\"newer\",\"name\":\"Newer\",\"when\":{\"attribute\":\"x\",\"op\":\"equals\",\"values\":[1]}}");
      var stored = FLAGS.get("operator");
      sql(
          "UPDATE flag_values SET targeting = '%s' WHERE flag_id = (SELECT id FROM feature_flags WHERE key = 'search')"
              .formatted("{" + stored.substring(stored.indexOf("\"enabled\""))));
      sql(
          "UPDATE segment_rules SET condition = '%s'"
              .formatted(Json.write(Json.parseOwn(SEGMENT).get("when"))));

      var targeting = "/projects/web/flags/search/environments/production";
      var shown = admin.send("GET", targeting, "");
      assertThat(shown.status()).as(shown.body()).isEqualTo(200);
      assertThat(shown.json().at("/rules/0/when/op").stringValue()).isEqualTo("soundsLike");
      assertNewer(admin.send("PATCH", targeting, "{\"enabled\":false}"));
      assertNewer(admin.send("PATCH", "/projects/web/flags/search", "{\"name\":\"Search\"}"));

      var segment = "/projects/web/environments/production/segments/newer";
      shown = admin.send("GET", segment, "");
      assertThat(shown.status()).as(shown.body()).isEqualTo(200);
      assertThat(shown.json().at("/when/op").stringValue()).isEqualTo("soundsLike");
      var list = admin.send("GET", "/projects/web/environments/production/segments", "");
      assertThat(list.status()).as(list.body()).isEqualTo(200);
      admin.serve("web", "checkout", "production", "on"); // others can still be written
    }
  }

  @Test
  void aFlagOfANewerTypeIsShownBesideTheOthers() throws SQLException {
    try (var node = node()) {
      var admin = node.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "colour");
      admin.createFlag("web", "checkout");
      sql("ALTER TABLE feature_flags DROP CONSTRAINT feature_flags_type_check");
      sql("UPDATE feature_flags SET type = 'soundsLike' WHERE key = 'colour'");
      sql(
          "UPDATE variants SET value = '\"#fff\"' WHERE key = 'on' AND flag_id = (SELECT id FROM feature_flags WHERE key = 'colour')");

      var list = admin.send("GET", "/projects/web/flags", "");
      assertThat(list.status()).as(list.body()).isEqualTo(200);
      assertThat(list.json().get("items").valueStream().map(flag -> flag.get("key").stringValue()))
          .containsExactly("checkout", "colour");
      var shown = admin.send("GET", "/projects/web/flags/colour", "");
      assertThat(shown.json().get("type").stringValue()).isEqualTo("soundsLike");
      assertThat(shown.json().at("/variants/on").stringValue()).isEqualTo("#fff");
      assertNewer(admin.send("PATCH", "/projects/web/flags/colour", "{\"name\":\"Colour\"}"));
      assertNewer(
          admin.send(
              "PATCH", "/projects/web/flags/colour/environments/production", "{\"enabled\":true}"));
      assertNewer(
          admin.send("POST", "/projects/web/environments", "{\"key\":\"staging\",\"name\":\"S\"}"));
      admin.serve("web", "checkout", "production", "on");
      assertThat(admin.send("PATCH", "/projects/web/flags/checkout", "{\"name\":\"C\"}").status())
          .isEqualTo(200);
    }
  }

  private static void assertNewer(Http.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(409);
    assertThat(answer.json().get("code").stringValue()).isEqualTo("newer-version");
    assertThat(answer.json().get("detail").stringValue()).contains("soundsLike", "newer version");
  }

  private static void checkEvaluations(Server node, String key) {
    assertOff(node, key, "operator", "soundsLike");
    assertOff(node, key, "form", "bandit");
    assertOff(node, key, "field", "until");
    assertOff(node, key, "requires", "schedules");
    assertOff(node, key, "dependent", "flag 'operator'");
    assertOff(node, key, "segmented", "segment 'newer'");
    assertGives(node, key, "harmless", "{}", "on", "STATIC");
    assertGives(node, key, "plain", "{}", "on", "STATIC");
    assertGives(node, key, "disabled", "{}", "off", "DISABLED");
    assertGives(node, key, "segmented", "{\"vip\":true}", "on", "TARGETING_MATCH");
    var unreadable = evaluate(node, key, "unreadable", "{}");
    assertThat(unreadable.status()).as(unreadable.body()).isEqualTo(400);
    assertThat(unreadable.json().get("errorCode").stringValue()).isEqualTo("PARSE_ERROR");
    var all =
        node.http().post("/ofrep/v1/evaluate/flags", "{\"context\":{}}", "X-API-Key", key).json();
    assertThat(all.get("flags").valueStream().map(flag -> flag.get("key").stringValue()))
        .containsAll(FLAGS.keySet());
    assertThat(
            all.get("flags")
                .valueStream()
                .filter(flag -> flag.at("/metadata/unsupported").isString())
                .map(flag -> flag.get("key").stringValue()))
        .containsExactlyInAnyOrder(
            "operator", "form", "field", "requires", "dependent", "segmented");
  }

  private static void checkClient(Server node, String key) {
    var own = evaluate(node, key, "operator", "{}").json();
    assertThat(own.at("/metadata/unsupported").stringValue()).contains("soundsLike");
    var other = evaluate(node, key, "segmented", "{}").json();
    assertThat(other.get("variant").stringValue()).isEqualTo("off");
    assertThat(other.at("/metadata/unsupported").stringValue()).doesNotContain("newer");
  }

  private static void checkRecorded(Server node, String key) {
    var meters = node.bean(MeterRegistry.class);
    var counter = meters.get("stitchd.decide.unsupported").counter();
    double before = counter.count();
    evaluate(node, key, "operator", "{\"targetingKey\":\"u1\"}");
    assertThat(counter.count()).isEqualTo(before + 1);
    assertThat(meters.get("stitchd.snapshot.unsupported").tag("kind", "flag").gauge().value())
        .isEqualTo(6);
    assertThat(meters.get("stitchd.snapshot.unsupported").tag("kind", "segment").gauge().value())
        .isEqualTo(1);
    assertThat(degraded(node)).contains("unsupported-items");
    assertThat(node.http().get("/health/ready").json().get("status").stringValue())
        .isEqualTo("ready");
  }

  private static void checkPreview(Server node) {
    var answer =
        node.admin()
            .send(
                "POST",
                "/projects/web/environments/production/evaluate",
                "{\"flag\":\"segmented\",\"context\":{\"targetingKey\":\"u1\"}}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("variant").stringValue()).isEqualTo("off");
    assertThat(answer.json().get("unsupported").stringValue()).contains("segment 'newer'");
    assertThat(answer.json().at("/trace/because").stringValue()).contains("cannot read");
    assertThat(answer.json().at("/trace/segments/newer/unsupported").stringValue())
        .contains("soundsLike");
  }

  private static void assertOff(Server node, String key, String flag, String named) {
    var answer = assertGives(node, key, flag, "{\"targetingKey\":\"u1\"}", "off", "DEFAULT");
    assertThat(answer.get("value").booleanValue()).isFalse();
    assertThat(answer.at("/metadata/unsupported").stringValue()).contains(named);
  }

  private static JsonNode assertGives(
      Server node, String key, String flag, String context, String variant, String reason) {
    var answer = evaluate(node, key, flag, context);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("variant").stringValue()).as(answer.body()).isEqualTo(variant);
    assertThat(answer.json().get("reason").stringValue()).as(answer.body()).isEqualTo(reason);
    return answer.json();
  }

  private static void assertUnchanged(JsonNode answer) {
    FLAGS.forEach((flag, item) ->
        assertThat(answer.get("flags").get(flag)).as(flag).isEqualTo(Json.parseOwn(item)));
    assertThat(answer.get("segments").get("newer")).isEqualTo(Json.parseOwn(SEGMENT));
  }

  /// Writes as a newer node would: one revision, in the log and in the current state, announced.
  private void publish() throws SQLException {
    sql("UPDATE environments SET revision = revision + 1 WHERE key = 'production'");
    for (var flag : FLAGS.entrySet()) {
      publish("flag", flag.getKey(), flag.getValue());
    }
    publish("segment", "newer", SEGMENT);
    sql(
        "SELECT pg_notify('stitchd', id || ' ' || revision || ' ' || access_version) FROM environments WHERE key = 'production'");
  }

  private void publish(String kind, String key, String item) throws SQLException {
    var literal = item.replace("'", "''");
    sql(
        """
        INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor)
        SELECT tenant_id, id, revision, '%s', '%s', '%s', 'newer' FROM environments WHERE key = 'production'
        """
            .formatted(kind, key, literal));
    sql(
        """
        INSERT INTO environment_items (tenant_id, environment_id, item_kind, item_key, item, revision)
        SELECT tenant_id, id, '%s', '%s', '%s', revision FROM environments WHERE key = 'production'
        """
            .formatted(kind, key, literal));
  }

  private void sql(String sql) throws SQLException {
    var url = URI.create(database);
    var user = url.getUserInfo().split(":", 2);
    try (var connection =
            DriverManager.getConnection(
                "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(),
                user[0],
                user.length > 1 ? user[1] : "");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private Server node() {
    return Server.on(
        database,
        events,
        Map.of(
            "STITCHD_DATA_DIR", folder.toString(),
            "STITCHD_KEPT_WRITE_EVERY", "PT0.5S",
            "STITCHD_POSTGRES_START_WAIT", "PT1S",
            "STITCHD_SAFETY_POLL", "PT1H",
            "STITCHD_EVENTS_DRAIN", "PT0.1S"));
  }

  private static Http.Answer evaluate(Server node, String key, String flag, String context) {
    return node.http()
        .post(
            "/ofrep/v1/evaluate/flags/" + flag, "{\"context\":" + context + "}", "X-API-Key", key);
  }

  private static List<String> degraded(Server node) {
    var answer = node.http().get("/health/ready");
    assertThat(answer.status()).isEqualTo(200);
    return answer.json().get("degraded").valueStream().map(JsonNode::stringValue).toList();
  }

  private static java.util.function.Predicate<SseClient.Event> event(String name) {
    return event -> event.name().equals(name);
  }
}
