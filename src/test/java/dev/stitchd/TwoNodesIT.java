package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Followers;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.ServerProcess;
import dev.stitchd.dev.SseClient;
import java.net.URI;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/// One of two nodes is restarted, killed, or cut off from PostgreSQL, while flags change and SDKs
/// follow.
@LongRunning
@Timeout(120)
class TwoNodesIT {

  private static final Logger LOG = LoggerFactory.getLogger(TwoNodesIT.class);
  private static final Duration SOON = Patience.SOON;

  /// How many streams are held during the rolling restart; `-Dstitchd.streams=5000` is the long
  /// run.
  private static final int STREAMS = Integer.getInteger("stitchd.streams", 300);

  /// Milliseconds between changes: clients and nodes share this process, and each client reads and
  /// puts together each change, so with more of them there are fewer.
  private static final int PAUSE = Math.max(50, STREAMS / 10);

  /// Connecting all of them, and looking at all of them, takes longer the more there are.
  private static final Duration ALL = SOON.plusMillis(STREAMS * 10L);

  private static final Map<String, String> SETTINGS =
      Map.of("STITCHD_DRAIN", "PT2S", "STITCHD_EVENTS_DRAIN", "PT0.1S");

  private static Server stays;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private Admin admin;
  private String key;

  @BeforeAll
  static void start() {
    stays = Server.start(SETTINGS);
  }

  @AfterAll
  static void stop() {
    stays.stop();
  }

  @BeforeEach
  void project() {
    admin = stays.admin();
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    for (int i = 0; i < 5; i++) {
      admin.createFlag(project, "flag-" + i);
    }
    key = admin.createSdkKey(project, "production", "server");
  }

  @Test
  void aRollingRestartLosesNoChangeAndNobodyIsAwayForLongerThanTold() {
    var first = Server.on(stays.postgres(), stays.clickHouse(), SETTINGS);
    var nodes = new CopyOnWriteArrayList<>(List.of(stays.url(), first.url()));
    try (var followers = Followers.of(STREAMS, () -> nodes, key)) {
      await().atMost(ALL).until(() -> followers.connected() == STREAMS);
      try (var changes = new Changes()) {
        nodes.remove(first.url()); // as a load balancer does with a node that is not ready
        first.stop();
        try (var second = Server.on(stays.postgres(), stays.clickHouse(), SETTINGS)) {
          nodes.add(second.url());
          await().atMost(ALL).until(() -> followers.connected() == STREAMS);
          int made = changes.made();
          await().atMost(SOON).until(() -> changes.made() > made + 3);
          changes.close();

          assertAllHoldWhatTheDatabaseHas(followers);
          assertThat(wrongs(followers)).isEmpty();
          assertThat(followers.all().stream().mapToInt(f -> f.awayBeyondTold().size()).sum())
              .as("streams that had to move")
              .isGreaterThanOrEqualTo(STREAMS / 3);
          assertThat(followers.all())
              .allSatisfy(follower ->
                  assertThat(follower.awayBeyondTold())
                      .allMatch(millis -> millis <= Patience.withinSeconds(5).toMillis()));
          LOG.info(
              "{} streams, {} changes, away beyond what they were told: at most {} ms",
              STREAMS,
              changes.made(),
              followers.all().stream()
                  .flatMap(follower -> follower.awayBeyondTold().stream())
                  .mapToLong(millis -> millis)
                  .max()
                  .orElse(0));
        }
      }
    }
  }

  @Test
  void killsOfANodeAndOfConnectionsToPostgresLeaveNobodyWithAnotherState() {
    try (var killed = ServerProcess.on(stays.postgres(), stays.clickHouse(), Map.of())) {
      var nodes = List.of(stays.url(), killed.url());
      try (var followers = Followers.of(100, () -> nodes, key)) {
        await().atMost(SOON).until(() -> followers.connected() == 100);
        try (var changes = new Changes();
            var kills = new ConnectionKills()) {
          await().atMost(SOON).until(() -> kills.done.get() > 10);
          killed.kill();
          await().atMost(SOON).until(() -> followers.connected() == 100);
          killed.start();
          int before = kills.done.get();
          int made = changes.made();
          await().atMost(SOON).until(() -> kills.done.get() > before + 10);
          await().atMost(SOON).until(() -> changes.made() > made);
        }
        assertAllHoldWhatTheDatabaseHas(followers);
        assertThat(killed.http().get("/sdk/v1/config", "X-API-Key", key).json())
            .isEqualTo(config());
        assertThat(
                wrongs(followers).stream().filter(wrong -> !wrong.contains("a put that goes back")))
            .as(
                "a client may come to a node that has not heard of the newest yet, and hears of it then")
            .isEmpty();
      }
    }
  }

  @Test
  void aRevokedKeyAndADeletedEnvironmentEndStreamsOnBothNodesWithinTwoSeconds()
      throws SQLException {
    var keys = "/projects/" + project + "/environments/production/sdk-keys";
    var second = admin.send("POST", keys, "{\"name\":\"second\",\"kind\":\"server\"}").json();
    try (var other = Server.on(stays.postgres(), stays.clickHouse(), SETTINGS);
        var here = stays.stream(second.path("key").asString());
        var there = other.stream(second.path("key").asString());
        var kept = stays.stream(key);
        var keptThere = other.stream(key)) {
      for (var stream : List.of(here, there, kept, keptThere)) {
        stream.await(event -> event.name().equals("put"), SOON);
      }
      sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stitchd-listener' AND datname = current_database()");
      delete(keys + "/" + second.path("id").asString()); // the rings are lost
      assertGoodbyeWithinTwoSeconds("key-revoked", here, there);

      delete("/projects/" + project + "/environments/production");
      assertGoodbyeWithinTwoSeconds("environment-deleted", kept, keptThere);
    }
  }

  private void assertAllHoldWhatTheDatabaseHas(Followers followers) {
    var config = config();
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(followers.at(config))
                .as("clients at the last state")
                .isEqualTo(followers.all().size()));
    assertThat(config.path("revision").asLong())
        .isEqualTo(
            admin
                .get("/projects/" + project + "/environments/production")
                .path("revision")
                .asLong());
  }

  private JsonNode config() {
    var newest =
        admin.get("/projects/" + project + "/environments/production").path("revision").asLong();
    var config = new JsonNode[1];
    await()
        .atMost(SOON)
        .until(() -> {
          config[0] = stays.http().get("/sdk/v1/config", "X-API-Key", key).json();
          return config[0].path("revision").asLong() == newest;
        });
    return config[0];
  }

  private static List<String> wrongs(Followers followers) {
    return followers.all().stream().flatMap(follower -> follower.wrongs().stream()).toList();
  }

  private void delete(String path) {
    var answer = admin.send("DELETE", path, "", "If-Match", "*");
    assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
  }

  private static void assertGoodbyeWithinTwoSeconds(String reason, SseClient... streams) {
    var end = System.nanoTime() + Patience.withinSeconds(2).toNanos();
    for (var stream : streams) {
      var left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      var goodbye = stream.await(event -> event.name().equals("goodbye"), left);
      assertThat(goodbye.json().path("reason").asString()).isEqualTo(reason);
    }
  }

  private static void sql(String sql) throws SQLException {
    var url = URI.create(stays.postgres());
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

  /// Somebody who changes flags all the time, and tries again when that fails.
  private final class Changes implements AutoCloseable {
    private final AtomicBoolean running = new AtomicBoolean(true);
    private final AtomicInteger made = new AtomicInteger();
    private final Thread thread = Thread.ofPlatform().start(this::run);

    private void run() {
      for (int i = 0; running.get(); i++) {
        var answer = change(i);
        if (answer.status() == 200) {
          made.incrementAndGet();
        }
        pause(PAUSE);
      }
    }

    private Http.Answer change(int i) {
      return admin.send(
          "PATCH",
          "/projects/" + project + "/flags/flag-" + i % 5 + "/environments/production",
          "{\"enabled\":true,\"default\":{\"variant\":\""
              + (i / 5 % 2 == 0 ? "on" : "off")
              + "\"}}");
    }

    int made() {
      return made.get();
    }

    @Override
    public void close() {
      end(running, thread);
    }
  }

  /// Somebody who cuts one connection to PostgreSQL after the other, by chance.
  private static final class ConnectionKills implements AutoCloseable {
    private static final long SEED = 20_261_125;

    private final AtomicBoolean running = new AtomicBoolean(true);
    private final AtomicInteger done = new AtomicInteger();
    private final Random chance = new Random(SEED);
    private final Thread thread = Thread.ofPlatform().start(this::run);

    private void run() {
      while (running.get()) {
        try {
          sql(
              "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'stitchd-%' AND datname = current_database() ORDER BY md5(pid || '"
                  + chance.nextInt()
                  + "') LIMIT 1) one");
          done.incrementAndGet();
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
        pause(100 + chance.nextInt(200));
      }
    }

    @Override
    public void close() {
      end(running, thread);
    }
  }

  private static void end(AtomicBoolean running, Thread thread) {
    running.set(false);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
