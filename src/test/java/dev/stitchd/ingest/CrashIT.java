package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.ServerProcess;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// ClickHouse is killed under load; in the middle of that the server is killed as well, and starts
/// again. What clients were told, what the store holds, and what the server says must agree.
@LongRunning
class CrashIT {

  private static final int CLIENTS = 8;
  private static final int EVENTS_OF_A_REQUEST = 100;
  private static final Duration BEFORE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// `-Dstitchd.outage=PT5M` for a long one.
  private static final Duration OUTAGE =
      Duration.parse(System.getProperty("stitchd.outage", "PT4S"));

  private final Set<UUID> sent = ConcurrentHashMap.newKeySet();
  private final Set<UUID> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong counts = new AtomicLong();
  private final AtomicInteger repeated = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final Clock clock = Clock.systemUTC();

  @Test
  void everyAcknowledgedEventIsThereOnceAfterBothWereKilled() throws InterruptedException {
    try (var clickHouse = OwnClickHouse.started()) {
      var database = clickHouse.freshDatabase().url();
      try (var server =
          ServerProcess.on(Stores.shared().freshPostgres().url(), database, Map.of())) {
        var key = prepare(server);
        var clients = startClients(server, key);
        Thread.sleep(BEFORE);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(acknowledged).isNotEmpty());

        clickHouse.kill();
        Thread.sleep(OUTAGE.dividedBy(2));
        await().atMost(PATIENCE).until(() -> account(server).path("spooled").asLong() > 0);
        var first = account(server); // nothing is stored any more, so this number stays
        server.kill();
        assertThat(first.path("spooled").asLong()).isPositive();

        server.start();
        int before = acknowledged.size();
        Thread.sleep(OUTAGE.dividedBy(2));
        await()
            .atMost(PATIENCE)
            .untilAsserted(() ->
                assertThat(acknowledged)
                    .as("acknowledged from the spool")
                    .hasSizeGreaterThan(before));

        clickHouse.start();
        Thread.sleep(BEFORE);
        over.set(true);
        for (var client : clients) {
          assertThat(client.join(PATIENCE)).isTrue();
        }
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> {
              var now = account(server);
              assertThat(now.path("spooled").asLong()).isZero();
              assertThat(now.path("inFlight").asLong()).isZero();
            });
        assertThat(failures).isEmpty();
        check(database, server, first, account(server));
      }
    }
  }

  private void check(String database, ServerProcess server, JsonNode first, JsonNode second) {
    var stored = stored(database);
    assertThat(stored).containsAll(acknowledged);
    assertThat(sent).containsAll(stored);
    assertThat(counted(server, "evaluated")).isEqualTo(stored.size());
    assertThat(counted(server, "counted")).isEqualTo(3 * counts.get());

    assertThat(number(second, "accepted") + number(second, "recovered"))
        .isEqualTo(
            number(second, "stored")
                + number(second, "dead")
                + number(second, "spooled")
                + number(second, "inFlight"));
    assertThat(number(second, "dead")).isZero();
    assertThat(number(second, "recovered")).isGreaterThanOrEqualTo(number(first, "spooled"));
    assertThat(rows(database)).isEqualTo(number(first, "stored") + number(second, "stored"));
    System.out.printf(
        "crash: %d sent, %d acknowledged, %d stored, %d rows, %d requests repeated, %d events recovered%n",
        sent.size(),
        acknowledged.size(),
        stored.size(),
        rows(database),
        repeated.get(),
        number(second, "recovered"));
  }

  private static long number(JsonNode account, String name) {
    return account.path(name).asLong();
  }

  private static String prepare(ServerProcess server) {
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    return admin.createSdkKey("web", "production", "server");
  }

  private static JsonNode account(ServerProcess server) {
    return server.admin().get("/projects/web/environments/production/events/account");
  }

  private List<Thread> startClients(ServerProcess server, String key) {
    var clients = new ArrayList<Thread>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
              .start(() -> client(new Sdk(server.url(), key))));
    }
    return clients;
  }

  /// Sends, and sends again what was not acknowledged, until it is.
  private void client(Sdk sdk) {
    while (!over.get()) {
      var ids = new ArrayList<UUID>();
      var events = new ArrayList<String>();
      for (int i = 0; i < EVENTS_OF_A_REQUEST; i++) {
        var id = UUID.randomUUID();
        ids.add(id);
        events.add(Sdk.evaluation(id, clock.instant(), "evaluated", i % 2 == 0 ? "on" : "off"));
      }
      events.add(
          """
          {"type":"count","id":"%s","at":"%s","flag":"counted","variant":"on","count":3}\
          """
              .formatted(UUID.randomUUID(), clock.instant()));
      sent.addAll(ids);
      var body = Sdk.array(events).getBytes(UTF_8);
      while (!isAcknowledged(sdk, body)) {
        repeated.incrementAndGet();
        pause(Duration.ofMillis(200));
      }
      acknowledged.addAll(ids);
      counts.incrementAndGet();
      pause(Duration.ofMillis(10));
    }
  }

  private static boolean isAcknowledged(Sdk sdk, byte[] body) {
    try {
      return sdk.send(body).status() == 202;
    } catch (IllegalStateException _) {
      return false; // nobody listens, or the answer was lost with the server
    }
  }

  private static Set<UUID> stored(String database) {
    var ids = new HashSet<UUID>();
    var rows =
        StoreUrl.of(database)
            .query("SELECT DISTINCT id FROM evaluation_events WHERE flag = 'evaluated'");
    for (var id : rows) {
      ids.add(UUID.fromString(id));
    }
    assertThat(
            StoreUrl.of(database)
                .query("SELECT uniqExact(id) FROM evaluation_events WHERE flag = 'evaluated'"))
        .containsExactly(Integer.toString(ids.size()));
    return ids;
  }

  private static long rows(String database) {
    return Long.parseLong(
        StoreUrl.of(database)
            .query(
                "SELECT (SELECT count() FROM evaluation_events) + (SELECT count() FROM flag_counts)")
            .getFirst());
  }

  private static long counted(ServerProcess server, String flag) {
    var path = "/projects/web/environments/production/stats/evaluations?interval=PT1H&flag=" + flag;
    long count = 0;
    for (var item : server.admin().get(path).path("items")) {
      count += item.path("count").asLong();
    }
    return count;
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
