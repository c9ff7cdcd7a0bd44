package dev.stitchd.delivery.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.ServerProcess;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server whose disk takes no more: the kernel refuses to let its files grow, in the middle of a
/// write.
class FullDiskIT {

  private static final Duration PATIENCE = Patience.SOON;

  /// Less than a batch of [#EVENTS] takes.
  private static final String NEARLY_NOTHING = "2000";

  private static final int EVENTS = 60;

  @TempDir Path data;

  private final Set<UUID> sent = new HashSet<>();
  private final Set<UUID> acknowledged = new HashSet<>();
  private String key;

  @Test
  void whatIsNotOnDiskIsNotAcknowledgedAndWhatIsIsKept() throws Exception {
    assumeThat(run("prlimit", "--version")).as("prlimit (util-linux)").isTrue();
    try (var clickHouse = OwnClickHouse.started()) {
      var database = clickHouse.freshDatabase().url();
      var settings =
          Map.of(
              "STITCHD_DATA_DIR", data.toString(),
              "STITCHD_EVENTS_QUEUE_EVENTS", "300",
              "STITCHD_EVENTS_BATCH_WAIT", "5ms",
              "STITCHD_EVENTS_DURABLE_WAIT", "300ms");
      try (var server =
          ServerProcess.on(Stores.shared().freshPostgres().url(), database, settings)) {
        server.admin().createProject("web");
        server.admin().createEnvironment("web", "production");
        key = server.admin().createSdkKey("web", "production", "server");
        await().atMost(PATIENCE).until(() -> send(server).status() == 202);
        clickHouse.kill();
        await()
            .atMost(PATIENCE)
            .until(() -> send(server).status() == 202 && account(server, "spooled") > 0);

        limitFiles(server, NEARLY_NOTHING);
        for (int i = 0; i < 8; i++) {
          var answer = send(server);
          assertThat(answer.status()).as(answer.body()).isEqualTo(503);
          assertThat(answer.header("Retry-After")).matches("[1-9][0-9]*");
        }
        assertThat(
                server
                    .http()
                    .send("GET", "/metrics", "", "Authorization", "Bearer " + Server.TOKEN)
                    .body())
            .containsPattern("stitchd_spool_failed_total [1-9]");

        limitFiles(server, "unlimited");
        await().atMost(PATIENCE).until(() -> send(server).status() == 202);
        clickHouse.start();
        await()
            .atMost(PATIENCE)
            .until(() -> account(server, "spooled") == 0 && account(server, "inFlight") == 0);
        var stored = stored(database);
        assertThat(stored).containsAll(acknowledged);
        assertThat(sent).containsAll(stored);
        try (var files = Files.list(data.resolve("spool"))) {
          assertThat(files).isEmpty();
        }
      }
    }
  }

  private Http.Answer send(ServerProcess server) {
    var ids = Stream.generate(UUID::randomUUID).limit(EVENTS).toList();
    sent.addAll(ids);
    var answer = server.http().post("/sdk/v1/events", body(ids), "Authorization", "Bearer " + key);
    if (answer.status() == 202) {
      acknowledged.addAll(ids);
    }
    return answer;
  }

  private static String body(List<UUID> ids) {
    var now = Clock.systemUTC().instant();
    return ids.stream()
        .map(id ->
            "{\"type\":\"evaluation\",\"id\":\"%s\",\"at\":\"%s\",\"flag\":\"f\",\"variant\":\"on\",\"context\":{\"targetingKey\":\"u\"}}"
                .formatted(id, now))
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static long account(ServerProcess server, String name) {
    return server
        .admin()
        .get("/projects/web/environments/production/events/account")
        .path(name)
        .asLong(-1);
  }

  /// Only the soft limit, so that nobody needs rights to lift it again.
  private static void limitFiles(ServerProcess server, String bytes) throws Exception {
    assertThat(run("prlimit", "--pid", Long.toString(server.pid()), "--fsize=" + bytes + ":"))
        .isTrue();
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException _) {
      return false;
    }
  }

  private static Set<UUID> stored(String database) {
    var ids = new HashSet<UUID>();
    StoreUrl.of(database)
        .query("SELECT DISTINCT id FROM evaluation_events")
        .forEach(id -> ids.add(UUID.fromString(id)));
    return ids;
  }
}
