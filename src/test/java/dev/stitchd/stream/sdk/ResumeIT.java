package dev.stitchd.stream.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.Statements;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// A node that was started anew, and remembers little, is come back to by clients whose cursors it
/// never saw.
@Timeout(120)
class ResumeIT {

  private static final Duration SOON = Duration.ofSeconds(30);
  private static final List<String> ENVIRONMENTS = List.of("production", "staging");
  private static final int FLAGS = 40;
  private static final int REMOVED = 20;
  private static final int REMEMBERED = 5;
  private static final int CLIENTS_EACH = 2;

  /// A client and what it has.
  private record Known(String cursor, Map<String, JsonNode> flags) {}

  private static final Statements STATEMENTS = new Statements();
  private static final ExecutorService THREADS = Executors.newVirtualThreadPerTaskExecutor();
  private static final Map<String, String> KEYS = new HashMap<>();
  private static final Map<String, List<Known>> TOLD = new HashMap<>();

  private static Server node;

  @BeforeAll
  static void restarted() {
    var database = Stores.shared().freshPostgres().url();
    var events = Stores.shared().freshClickHouse().url();
    try (var before = Server.on(database, events, Map.of())) {
      publish(before);
    }
    var settings = new HashMap<>(Statements.QUIET);
    settings.put("STITCHD_POSTGRES_URL", database);
    settings.put("STITCHD_CLICKHOUSE_URL", events);
    settings.put("STITCHD_SNAPSHOT_LOG", Integer.toString(REMEMBERED));
    settings.put("STITCHD_STREAM_PATCHES", "10");
    node = Server.start(settings, STATEMENTS);
  }

  @AfterAll
  static void stop() {
    node.stop();
    THREADS.shutdownNow();
  }

  private static void publish(Server before) {
    var admin = before.admin();
    admin.createProject("web");
    for (var environment : ENVIRONMENTS) {
      admin.createEnvironment("web", environment);
      KEYS.put(environment, admin.createSdkKey("web", environment, "server"));
      TOLD.put(environment, new ArrayList<>());
    }
    for (int i = 0; i < FLAGS; i++) {
      admin.createFlag("web", "flag-" + i);
    }
    for (int i = 0; i < REMOVED; i++) {
      note(before);
      var answer = admin.send("DELETE", "/projects/web/flags/flag-" + i, "", "If-Match", "*");
      assertThat(answer.status()).isEqualTo(204);
      note(before);
      serve(admin, FLAGS - 1 - i % 3, i);
    }
    admin.createFlag("web", "flag-0"); // comes back
    for (int i = 0; i < REMEMBERED; i++) {
      serve(admin, FLAGS - 4, i);
    }
  }

  private static void serve(Admin admin, int flag, int turn) {
    for (var environment : ENVIRONMENTS) {
      admin.serve("web", "flag-" + flag, environment, turn % 2 == 0 ? "on" : "off");
    }
  }

  private static void note(Server before) {
    for (var environment : ENVIRONMENTS) {
      var answer = poll(before, environment, "");
      TOLD.get(environment)
          .add(new Known(answer.header("ETag").replace("\"", ""), flags(answer.json())));
    }
  }

  @Test
  void aRestartIsFollowedByPatchesAndByOneStatementForAllOfThem() throws Exception {
    var clients = TOLD.get("production");
    var streams = new ArrayList<Future<SseClient.Event>>();
    var polls = new ArrayList<Future<Http.Answer>>();
    var made =
        STATEMENTS.during(() -> {
          for (var client : clients) {
            for (int i = 0; i < CLIENTS_EACH; i++) {
              streams.add(THREADS.submit(() -> resumed("production", client.cursor())));
            }
            polls.add(THREADS.submit(() -> poll(node, "production", client.cursor())));
          }
          streams.forEach(ResumeIT::done);
          polls.forEach(ResumeIT::done);
        });

    var now = everything("production");
    for (int i = 0; i < clients.size(); i++) {
      for (int j = 0; j < CLIENTS_EACH; j++) {
        var event = streams.get(i * CLIENTS_EACH + j).get();
        assertThat(event.name()).as(clients.get(i).cursor()).isEqualTo("patch");
        assertThat(patched(clients.get(i), event.json())).isEqualTo(now);
      }
      var poll = polls.get(i).get().json();
      assertThat(poll.has("since")).as("a poll is told what changed").isTrue();
      assertThat(patched(clients.get(i), poll)).isEqualTo(now);
    }
    assertThat(made.stream().filter(sql -> sql.contains("stitchd_removals"))).hasSize(1);
    assertThat(made).as("and the first load, and the key").hasSizeLessThan(20);
  }

  @Test
  void whoseCursorIsOlderThanTheLogIsToldEverything() {
    var clients = TOLD.get("staging");
    StoreUrl.of(node.postgres())
        .query(
            "UPDATE environments SET pruned = "
                + clients.get(10).cursor().substring(9)
                + " WHERE key = 'staging'");
    var now = everything("staging");
    for (int i : List.of(0, 9)) {
      var event = resumed("staging", clients.get(i).cursor());
      assertThat(event.name()).isEqualTo("put");
      assertThat(flags(event.json())).isEqualTo(now);
    }
    for (int i : List.of(10, 30)) {
      var event = resumed("staging", clients.get(i).cursor());
      assertThat(event.name()).isEqualTo("patch");
      assertThat(patched(clients.get(i), event.json())).isEqualTo(now);
    }
  }

  private static SseClient.Event resumed(String environment, String cursor) {
    try (var stream = node.stream(KEYS.get(environment), "Last-Event-ID", cursor)) {
      return stream.await(_ -> true, SOON);
    }
  }

  private static Http.Answer poll(Server node, String environment, String since) {
    return node.http().get("/sdk/v1/config?since=" + since, "X-API-Key", KEYS.get(environment));
  }

  private static Map<String, JsonNode> everything(String environment) {
    return flags(poll(node, environment, "").json());
  }

  private static Map<String, JsonNode> flags(JsonNode told) {
    var flags = new TreeMap<String, JsonNode>();
    told.path("flags").forEachEntry(flags::put);
    return flags;
  }

  /// What a client has that applies a patch.
  private static Map<String, JsonNode> patched(Known client, JsonNode patch) {
    assertThat(patch.path("since").asLong())
        .as("a patch begins where the client is, or before that")
        .isLessThanOrEqualTo(Long.parseLong(client.cursor().substring(9)));
    var flags = new TreeMap<>(client.flags());
    patch
        .path("flags")
        .forEachEntry((name, state) -> {
          if (state.isNull()) {
            flags.remove(name);
          } else {
            flags.put(name, state);
          }
        });
    return flags;
  }

  private static void done(Future<?> future) {
    try {
      var _ = future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
