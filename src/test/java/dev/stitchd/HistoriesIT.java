package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.SdkFollower;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.Stores;
import java.net.URI;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Histories by chance: two nodes, a primary and a standby that streams from it, backups that are
/// restored, nodes that hear nothing for a while or from the standby alone, and SDKs on all three
/// transports that go from node to node. When all is quiet again, nobody may hold anything but what
/// the database has, and no cursor may name anything else.
class HistoriesIT {

  private static final Logger LOG = LoggerFactory.getLogger(HistoriesIT.class);

  /// `-Dstitchd.lost-histories=200` for a longer search.
  private static final int HISTORIES = Integer.getInteger("stitchd.lost-histories", 3);

  /// `-Dstitchd.seed=…` to see one again, as far as chance is the test's own.
  private static final long SEED = Long.getLong("stitchd.seed", System.nanoTime());

  private static final Duration QUIET = Duration.ofSeconds(40);
  private static final int STEPS = 10;
  private static final List<String> FLAGS = List.of("one", "two", "three");

  private static final String EDIT =
      """
      WITH e AS (UPDATE environments SET revision = revision + 1 WHERE key = '%s' RETURNING tenant_id, id, revision),
           i AS (UPDATE environment_items SET revision = e.revision,
                        item = jsonb_set(item::jsonb, '{enabled}', to_jsonb(item ->> 'enabled' = 'false'))::json
                   FROM e WHERE environment_id = e.id AND item_key = '%s'
                 RETURNING environment_items.tenant_id, environment_id, environment_items.revision, item_kind, item_key, item)
      INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor)
      SELECT i.*, 'another' FROM i
      """;

  private static OwnPostgres primary;
  private static OwnPostgres standby;
  private static String database;
  private static StoreProxy wayOfFirst;
  private static StoreProxy wayOfSecond;
  private static Server first;
  private static Server second;

  private final List<String> done = new ArrayList<>();
  private Random chance;
  private String environment;
  private boolean backedUp;
  private boolean onStandby;
  private StoreProxy suspended;

  @BeforeAll
  static void start() {
    primary = OwnPostgres.started();
    var url = primary.freshDatabase().url();
    database = URI.create(url).getPath().substring(1);
    standby = primary.copied();
    standby.follow(primary);
    wayOfFirst = StoreProxy.to(url);
    wayOfSecond = StoreProxy.to(url);
    var events = Stores.shared().freshClickHouse().url();
    first = Server.on(wayOfFirst.url(), events, Map.of());
    second = Server.on(wayOfSecond.url(), events, Map.of());
    second.admin().createProject("web");
  }

  @AfterAll
  static void stop() {
    List.of(first, second).forEach(Server::close);
    List.of(wayOfFirst, wayOfSecond).forEach(StoreProxy::close);
    List.of(standby, primary).forEach(OwnPostgres::close);
  }

  @Test
  void noSdkHoldsAWrongStateUnderARightCursor() {
    for (int i = 0; i < HISTORIES; i++) {
      history(SEED + i);
    }
    LOG.info("{} histories from seed {}", HISTORIES, SEED);
  }

  @Test
  void whoWritesFirstAfterARestoreSeesItAtOnce() {
    var key = begun(SEED - 1);
    var admin = second.admin();
    var keys = "/projects/web/environments/" + environment + "/sdk-keys";
    var doomed = admin.send("POST", keys, "{\"name\":\"doomed\",\"kind\":\"server\"}").json();
    backUp();
    for (int lost = 1; lost <= 2; lost++) {
      for (int i = 0; i < lost; i++) {
        assertThat(edit(second)).isTrue();
        admin.createSdkKey("web", environment, "server");
      }
      assertThat(config(second, doomed.path("key").asString()).status()).isEqualTo(200);
      var etag = config(second, key).header("ETag");

      quiesced(() -> sql("DROP DATABASE " + database, copy("backup", database)));
      await().atMost(QUIET).until(() -> edit(second));

      var seen = second.http().get("/sdk/v1/config", "X-API-Key", key, "If-None-Match", etag);
      assertThat(seen.status()).as("with %d lost", lost).isEqualTo(200);
      assertThat(flags(seen.json())).as("with %d lost", lost).isEqualTo(published());
    }
    var of = keys + "/" + doomed.path("id").asString() + "?force=true";
    for (int lost = 1; lost <= 2; lost++) {
      for (int i = 0; i < lost; i++) {
        admin.createSdkKey("web", environment, "server");
      }
      assertThat(config(second, doomed.path("key").asString()).status()).isEqualTo(200);

      quiesced(() -> sql("DROP DATABASE " + database, copy("backup", database)));
      await().atMost(QUIET).until(() -> admin.send("DELETE", of, "").status() == 204);

      assertThat(config(second, doomed.path("key").asString()).status())
          .as("with %d lost", lost)
          .isEqualTo(401);
      quiesced(() -> sql("DROP DATABASE " + database, copy("backup", database)));
      await()
          .atMost(QUIET)
          .until(() -> config(second, doomed.path("key").asString()).status() == 200);
    }
  }

  /// An environment with the flags; its server key.
  private String begun(long seed) {
    chance = new Random(seed);
    environment = "e" + Long.toHexString(seed);
    done.clear();
    backedUp = false;
    var admin = second.admin();
    admin.createEnvironment("web", environment);
    if (admin.send("GET", "/projects/web/flags/one", "").status() == 404) {
      FLAGS.forEach(flag -> admin.createFlag("web", flag));
    }
    return admin.createSdkKey("web", environment, "server");
  }

  private void history(long seed) {
    var key = begun(seed);
    var nodes = List.of(first.url(), second.url());
    var sdks = new ArrayList<SdkFollower>();
    try {
      for (int i = 0; i < 6; i++) {
        sdks.add(SdkFollower.of(SdkFollower.Way.values()[i % 3], nodes, key, chance.nextLong()));
      }
      for (int i = 0; i < STEPS; i++) {
        step();
        pause(chance.nextInt(500));
      }
      calm();
      assertQuiet(key, sdks);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + done, e);
    } finally {
      calmWays();
      sdks.forEach(SdkFollower::close);
    }
  }

  private void step() {
    switch (chance.nextInt(8)) {
      case 0 -> backUp();
      case 1 -> restore();
      case 2, 3 -> suspendOrResume();
      case 4 -> standbyOrPrimary();
      default -> {
        var edited = edit(suspended == wayOfSecond ? first : second);
        done.add(edited ? "edit" : "edit refused");
      }
    }
  }

  private boolean edit(Server node) {
    var flag = FLAGS.get(chance.nextInt(FLAGS.size()));
    var variant = chance.nextBoolean() ? "on" : "off";
    return node.admin()
            .send(
                "PATCH",
                "/projects/web/flags/" + flag + "/environments/" + environment,
                "{\"enabled\":"
                    + chance.nextBoolean()
                    + ",\"default\":{\"variant\":\""
                    + variant
                    + "\"}}")
            .status()
        == 200;
  }

  private void backUp() {
    quiesced(() -> sql("DROP DATABASE IF EXISTS backup", copy(database, "backup")));
    backedUp = true;
    done.add("back up");
  }

  /// Whoever was first on the restored database may have made as many revisions as were lost.
  private void restore() {
    if (backedUp) {
      int edits = chance.nextInt(4);
      for (int i = 0; i < edits; i++) {
        on(primary, "backup", EDIT.formatted(environment, FLAGS.get(chance.nextInt(3))));
      }
      quiesced(() -> sql("DROP DATABASE " + database, copy("backup", database)));
      done.add("restore with " + edits + " edits");
    }
  }

  private void suspendOrResume() {
    if (suspended != null) {
      suspended.pass();
      suspended.reset();
      suspended = null;
      done.add("resume");
    } else {
      suspended = chance.nextBoolean() ? wayOfFirst : wayOfSecond;
      suspended.swallowAll();
      done.add("suspend " + (suspended == wayOfFirst ? "first" : "second"));
    }
  }

  /// What the first node hears from then on, which lags by whatever happens after that.
  private void standbyOrPrimary() {
    onStandby = !onStandby;
    on(standby, "postgres", "SELECT pg_wal_replay_" + (onStandby ? "pause" : "resume") + "()");
    wayOfFirst.leadTo(onStandby ? standby.url() : primary.url());
    wayOfFirst.reset();
    done.add(onStandby ? "standby" : "primary");
  }

  private void calm() {
    calmWays();
    await().atMost(QUIET).until(() -> edit(first));
    await().atMost(QUIET).until(() -> edit(second));
  }

  private void calmWays() {
    if (onStandby) {
      standbyOrPrimary();
    }
    if (suspended != null) {
      suspendOrResume();
    }
  }

  private void assertQuiet(String key, List<SdkFollower> sdks) {
    var wanted = published();
    await()
        .atMost(QUIET)
        .untilAsserted(() -> {
          var there = config(first, key);
          var here = config(second, key);
          assertThat(here.header("ETag")).isEqualTo(there.header("ETag"));
          for (var answer : List.of(here, there)) {
            assertThat(flags(answer.json())).isEqualTo(wanted);
          }
          var cursor = here.header("ETag").replace("\"", "");
          for (var sdk : sdks) {
            var state = sdk.state();
            assertThat(state.cursor()).as(sdk.toString()).isEqualTo(cursor);
            assertThat(state.flags()).as(sdk.toString()).isEqualTo(wanted);
          }
        });
  }

  private static Http.Answer config(Server node, String key) {
    return node.http().get("/sdk/v1/config", "X-API-Key", key);
  }

  private static Map<String, JsonNode> flags(JsonNode config) {
    var flags = new TreeMap<String, JsonNode>();
    config.path("flags").properties().forEach(flag -> flags.put(flag.getKey(), flag.getValue()));
    return flags;
  }

  /// What the primary has.
  private Map<String, JsonNode> published() {
    var flags = new TreeMap<String, JsonNode>();
    try (var connection = DriverManager.getConnection(jdbc(primary, database));
        var statement =
            connection.prepareStatement(
                """
                SELECT i.item_key, i.item::text FROM environment_items i JOIN environments e ON e.id = i.environment_id
                 WHERE e.key = ? AND i.item_kind = 'flag'
                """)) {
      statement.setString(1, environment);
      var rows = statement.executeQuery();
      while (rows.next()) {
        flags.put(rows.getString(1), JsonMapper.shared().readTree(rows.getString(2)));
      }
      return flags;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Runs something while nobody is connected to the database, as copying one requires.
  private static void quiesced(Runnable work) {
    sql("ALTER DATABASE " + database + " ALLOW_CONNECTIONS false");
    try {
      await()
          .atMost(QUIET)
          .until(() -> {
            sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"
                    + database
                    + "'");
            try {
              work.run();
              return true;
            } catch (IllegalStateException busy) {
              return false;
            }
          });
    } finally {
      sql("ALTER DATABASE " + database + " ALLOW_CONNECTIONS true");
    }
  }

  private static String copy(String from, String to) {
    return "CREATE DATABASE " + to + " TEMPLATE " + from;
  }

  private static void sql(String... statements) {
    on(primary, "postgres", statements);
  }

  private static void on(OwnPostgres server, String database, String... statements) {
    try (var connection = DriverManager.getConnection(jdbc(server, database));
        var statement = connection.createStatement()) {
      for (var text : statements) {
        statement.execute(text);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String jdbc(OwnPostgres server, String database) {
    return "jdbc:postgresql://127.0.0.1:%d/%s?user=postgres&password=postgres"
        .formatted(URI.create(server.url()).getPort(), database);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
