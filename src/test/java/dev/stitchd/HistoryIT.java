package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.ServerProcess;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.Stores;
import java.net.URI;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// PostgreSQL loses what SDKs were told already and tells something else by the same number. The
/// backups are copies of the files of a real one.
@LongRunning
@Timeout(180)
class HistoryIT {

  private static final Duration SOON = Patience.SOON;

  private static OwnPostgres postgres;
  private static String events;

  private String database;
  private String key;

  @BeforeAll
  static void stores() {
    postgres = OwnPostgres.started();
    events = Stores.shared().freshClickHouse().url();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  void freshDatabase() {
    database = postgres.freshDatabase().url();
  }

  @Test
  void aBackupThatWasRestoredWhileTheNodeWasDownIsNotWhatSdksKnow(@TempDir Path folder) {
    var settings = Map.of("STITCHD_DATA_DIR", folder.toString());
    Http.Answer before;
    try (var node = Server.on(database, events, settings);
        var backup = backup(node)) {
      await().atMost(SOON).until(() -> edit(node.admin(), "on"));
      before = config(node.http());
      node.stop();
      postgres.startWithDataOf(backup);
    }
    try (var node = Server.on(database, events, settings)) {
      node.admin().createFlag("web", "banner");
      assertThat(config(node.http()).json().path("revision"))
          .as("the number that SDKs know")
          .isEqualTo(before.json().path("revision"));

      var etag = before.header("ETag");
      var poll = config(node.http(), "", "If-None-Match", etag);
      assertThat(poll.status()).isEqualTo(200);
      assertThat(poll.json().path("flags").propertyNames()).contains("banner");
      assertThat(tag(poll.header("ETag"))).isNotEqualTo(tag(etag));
      var longPoll = config(node.http(), "?wait=PT9S&since=" + etag.replace("\"", ""));
      assertThat(longPoll.json()).isEqualTo(poll.json());
      try (var stream = node.stream(key, "Last-Event-ID", etag.replace("\"", ""))) {
        assertThat(stream.await(_ -> true, SOON).name()).isEqualTo("put");
      }
    }
  }

  @Test
  void aNodeThatWasSuspendedMeanwhileServesWhatTheOthersServe() {
    try (var suspended = ServerProcess.on(database, events, Map.of())) {
      for (int edits = 1; edits <= 2; edits++) {
        try (var other = Server.on(database, events, Map.of());
            var backup = edits == 1 ? backup(other) : postgres.copied()) {
          await().atMost(SOON).until(() -> edit(other.admin(), "on"));
          var lost = config(other.http()).header("ETag");
          await().atMost(SOON).until(() -> config(suspended.http()).header("ETag").equals(lost));
          try (var stream = SseClient.open(suspended.url() + "/sdk/v1/stream", "X-API-Key", key)) {
            stream.await(event -> event.name().equals("put"), SOON);

            suspended.suspend();
            postgres.startWithDataOf(backup);
            await().atMost(SOON).until(() -> edit(other.admin(), "off"));
            for (int i = 1; i < edits; i++) {
              assertThat(edit(other.admin(), "on")).isTrue();
              assertThat(edit(other.admin(), "off")).isTrue();
            }
            suspended.resume();

            await()
                .atMost(SOON)
                .untilAsserted(() -> {
                  var here = config(other.http());
                  var there = config(suspended.http());
                  assertThat(here.json().at("/flags/checkout/default/variant").asString())
                      .isEqualTo("off");
                  assertThat(there.json()).isEqualTo(here.json());
                  assertThat(there.header("ETag")).isEqualTo(here.header("ETag"));
                  assertThat(tag(here.header("ETag"))).isNotEqualTo(tag(lost));
                });
            var told = stream.await(event -> !event.id().startsWith(tag(lost)), SOON);
            assertThat(told.name()).isEqualTo("put");
          }
        }
      }
    }
  }

  @Test
  void aStandbyThatLagsTakesNothingBackAndRefutesNothing() {
    try (var proxy = StoreProxy.to(database);
        var node = Server.on(proxy.url(), events, Map.of());
        var other = Server.on(database, events, Map.of());
        var standby = backup(other)) {
      standby.follow(postgres);
      await().atMost(SOON).until(() -> edit(node.admin(), "on"));
      var known = config(other.http()).header("ETag");
      await().atMost(SOON).until(() -> config(node.http()).header("ETag").equals(known));
      try (var stream = node.stream(key)) {
        stream.await(event -> event.name().equals("put"), SOON);
        run(standby.url(), "SELECT pg_wal_replay_pause()");
        assertThat(edit(other.admin(), "off")).isTrue();
        stream.await(event -> event.name().equals("patch"), SOON);
        var before = config(node.http());

        proxy.leadTo(standby.url());
        proxy.reset();
        assertThat(edit(other.admin(), "on")).isTrue();
        await()
            .atMost(SOON)
            .until(() ->
                config(other.http()).json().path("revision").asLong()
                    > before.json().path("revision").asLong());
        var newest = config(other.http()).header("ETag");
        for (int i = 0; i < 30; i++) { // three safety polls of the standby
          assertThat(config(node.http()).header("ETag")).isEqualTo(before.header("ETag"));
          assertThat(config(node.http(), "", "If-None-Match", newest).status()).isEqualTo(304);
          pause();
        }

        run(standby.url(), "SELECT pg_wal_replay_resume()");
        await().atMost(SOON).until(() -> config(node.http()).header("ETag").equals(newest));
        assertThat(stream.events())
            .as("the first state, and from then on changes alone")
            .extracting(SseClient.Event::name)
            .containsOnlyOnce("put");
      }
    }
  }

  /// Makes what the tests need and a copy of it.
  private OwnPostgres backup(Server node) {
    var admin = node.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    key = admin.createSdkKey("web", "production", "server");
    assertThat(edit(admin, "off")).isTrue();
    return postgres.copied();
  }

  private static void run(String url, String sql) {
    var uri = URI.create(url);
    try (var connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + uri.getPort() + "/postgres",
                "postgres",
                "postgres");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static boolean edit(Admin admin, String variant) {
    return admin
            .send(
                "PATCH",
                "/projects/web/flags/checkout/environments/production",
                "{\"enabled\":true,\"default\":{\"variant\":\"" + variant + "\"}}")
            .status()
        == 200;
  }

  private Http.Answer config(Http http) {
    return config(http, "");
  }

  private Http.Answer config(Http http, String query, String... headers) {
    var all = new String[headers.length + 2];
    all[0] = "X-API-Key";
    all[1] = key;
    System.arraycopy(headers, 0, all, 2, headers.length);
    return http.get("/sdk/v1/config" + query, all);
  }

  private static String tag(String etag) {
    return etag.replace("\"", "").substring(0, 8);
  }
}
