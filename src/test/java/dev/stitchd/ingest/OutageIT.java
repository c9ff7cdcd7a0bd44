package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// ClickHouse is killed under load and comes back, and there is no room on disk, so events wait in
/// memory. Clients that keep a ledger, and a store that can count, must agree.
class OutageIT {

  private static final int CLIENTS = 8;
  private static final int EVENTS_OF_A_REQUEST = 50;
  private static final int ROOM = 1_000;
  private static final Duration BEFORE = Duration.ofSeconds(2);

  /// `-Dstitchd.outage=PT1M` for a long one.
  private static final Duration OUTAGE =
      Duration.parse(System.getProperty("stitchd.outage", "PT5S"));

  /// All ids that were ever sent, and those that were acknowledged.
  private final Set<UUID> sent = ConcurrentHashMap.newKeySet();

  private final Set<UUID> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong counted = new AtomicLong();
  private final List<Sdk.Answer> refusals = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private final Clock clock = Clock.systemUTC();

  @Test
  void nothingAcknowledgedIsLostAndNothingCountedTwice() throws InterruptedException {
    try (var clickHouse = OwnClickHouse.started()) {
      var database = clickHouse.freshDatabase().url();
      try (var server =
          Server.on(
              Stores.shared().freshPostgres().url(),
              database,
              Map.of(
                  "STITCHD_SPOOL_SIZE", "0B",
                  "STITCHD_EVENTS_QUEUEEVENTS", Integer.toString(ROOM),
                  "STITCHD_EVENTS_DURABLEWAIT", "2s",
                  "STITCHD_EVENTS_RETRYAFTER", "1s"))) {
        var from = clock.instant();
        var meters = server.bean(MeterRegistry.class);
        var key = prepare(server);
        await(() -> degraded(server).equals("[]"), Patience.SOON);
        var clients = startClients(server, key);
        Thread.sleep(BEFORE);
        await(() -> !acknowledged.isEmpty(), Patience.SOON);

        clickHouse.kill();
        await(() -> degraded(server).equals("[\"clickhouse\"]"), Patience.SOON);
        long end = System.nanoTime() + OUTAGE.toNanos();
        double most = 0;
        long patience = end + Duration.ofSeconds(20).toNanos();
        while (System.nanoTime() < end
            || !wasTold("queue is full") && System.nanoTime() < patience) {
          most = Math.max(most, held(meters));
          Thread.sleep(5);
        }
        assertThat(most).isLessThanOrEqualTo(ROOM).isGreaterThan(ROOM / 2.0);
        assertThat(server.http().get("/health/ready").status()).isEqualTo(200);
        clickHouse.start();

        int before = acknowledged.size();
        await(() -> acknowledged.size() > before, Patience.SOON);
        await(() -> degraded(server).equals("[]"), Patience.SOON);
        Thread.sleep(BEFORE);
        over.set(true);
        for (var client : clients) {
          assertThat(client.join(Duration.ofSeconds(30))).isTrue();
        }
        await(() -> held(meters) == 0, Patience.SOON);

        assertThat(failures).isEmpty();
        assertThat(refusals).isNotEmpty();
        assertThat(refusals)
            .allSatisfy(answer -> {
              assertThat(answer.status()).isEqualTo(503);
              assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(1, 2);
              assertThat(answer.json().path("code").asString()).isEqualTo("unavailable");
            });
        assertThat(wasTold("queue is full")).isTrue();
        assertThat(wasTold("not known to be stored")).isTrue();

        var stored = stored(database);
        assertThat(stored).containsAll(acknowledged);
        assertThat(sent).containsAll(stored);
        assertThat(count(server, from, "evaluated")).isEqualTo(stored.size());
        assertThat(count(server, from, "counted")).isEqualTo(3 * counted.get());
        assertThat(total(meters, "accepted"))
            .isEqualTo(total(meters, "stored") + total(meters, "dead") + held(meters));
        assertThat(rows(database)).isEqualTo((long) total(meters, "stored"));
        System.out.printf(
            "outage: %d sent, %d acknowledged, %d stored, %d answers of 503, at most %.0f held%n",
            sent.size(), acknowledged.size(), stored.size(), refusals.size(), most);
      }
    }
  }

  /// Whether a client was refused with such a detail.
  private boolean wasTold(String words) {
    return refusals.stream()
        .anyMatch(answer -> answer.json().path("detail").asString().contains(words));
  }

  private static String prepare(Server server) {
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    return admin.createSdkKey("web", "production", "server");
  }

  private List<Thread> startClients(Server server, String key) {
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
      var body = Sdk.array(events).getBytes(UTF_8);
      sent.addAll(ids);
      var answer = sdk.send(body);
      while (answer.status() != 202) {
        refusals.add(answer);
        pause(Duration.ofMillis(300));
        answer = sdk.send(body);
      }
      assertThat(answer.json().path("accepted").asInt()).isEqualTo(EVENTS_OF_A_REQUEST + 1);
      acknowledged.addAll(ids);
      counted.incrementAndGet();
    }
  }

  private static Set<UUID> stored(String database) {
    var ids = new HashSet<UUID>();
    for (var id :
        StoreUrl.of(database)
            .query("SELECT DISTINCT id FROM evaluation_events WHERE flag = 'evaluated'")) {
      ids.add(UUID.fromString(id));
    }
    return ids;
  }

  private long count(Server server, Instant from, String flag) {
    var path =
        "/projects/web/environments/production/stats/evaluations?flag=%s&interval=PT1H&from=%s&to=%s"
            .formatted(flag, from.minusSeconds(60), clock.instant().plusSeconds(60));
    return server.admin().get(path).path("items").values().stream()
        .mapToLong(item -> item.path("count").asLong())
        .sum();
  }

  private static long rows(String database) {
    return Long.parseLong(
        StoreUrl.of(database)
            .query(
                "SELECT (SELECT count() FROM evaluation_events) + (SELECT count() FROM flag_counts)")
            .getFirst());
  }

  private static double held(MeterRegistry meters) {
    return meters.get("stitchd.events.in-flight").gauge().value();
  }

  private static double total(MeterRegistry meters, String name) {
    return meters.get("stitchd.events." + name).counter().count();
  }

  private static String degraded(Server server) {
    return server.http().get("/health/ready").json().path("degraded").toString();
  }

  private static void await(BooleanSupplier condition, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("within " + patience).isLessThan(end);
      pause(Duration.ofMillis(20));
    }
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
