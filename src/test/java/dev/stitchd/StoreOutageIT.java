package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Either store is killed under traffic and comes back; nobody restarts the server.
@LongRunning
class StoreOutageIT {

  private static final Duration HEALS_WITHIN = Patience.withinSeconds(10);
  private static final Duration SOON = Patience.SOON;

  /// Connections that are lost are tried again soon, so that each outage is a short one.
  private static final Map<String, String> QUICK =
      Map.of("STITCHD_CHANGEFEED_FIRST_RETRY", "20ms", "STITCHD_CHANGEFEED_LONGEST_RETRY", "100ms");

  /// Each test leaves them running.
  private static OwnPostgres postgres;

  private static OwnClickHouse clickHouse;

  @BeforeAll
  static void ownStores() {
    postgres = OwnPostgres.started();
    clickHouse = OwnClickHouse.started();
  }

  @AfterAll
  static void stopStores() {
    postgres.close();
    clickHouse.close();
  }

  @Test
  void whilePostgresIsOutTheLastSnapshotServesAndAfterwardsEverythingHeals() {
    try (var server =
        Server.on(
            postgres.freshDatabase().url(),
            clickHouse.freshDatabase().url(),
            Map.of("STITCHD_HISTORY", "1ms", "STITCHD_HISTORY_INTERVAL", "50ms"))) {
      var key = withFlag(server);
      try (var stream = server.stream(key);
          var traffic = new Traffic(server, key)) {
        stream.await(event -> event.name().equals("put"), SOON);
        var etag = config(server, key, "").header("ETag");
        var answeredBefore = traffic.answered();

        postgres.kill();

        await()
            .atMost(SOON)
            .untilAsserted(() -> assertThat(degraded(server)).contains("postgresql"));
        assertThat(evaluate(server, key)).isEqualTo("off");
        assertThat(config(server, key, "").status()).isEqualTo(200);
        assertThat(config(server, key, etag).status()).isEqualTo(304);
        assertThat(stream.ended()).isFalse();
        var unknown =
            server
                .http()
                .send("GET", "/sdk/v1/config", "", "Authorization", "Bearer sdk_srv_unknown");
        assertThat(unknown.status()).isEqualTo(503);
        assertThat(unknown.header("Retry-After")).matches("[1-9][0-9]*");
        var write =
            server
                .admin()
                .send(
                    "PATCH",
                    "/projects/web/flags/checkout/environments/production",
                    "{\"enabled\":true}");
        assertThat(write.status()).as(write.body()).isEqualTo(503);
        try (var late = server.stream(key)) {
          late.await(event -> event.name().equals("put"), SOON);
        }

        postgres.start();

        await()
            .atMost(HEALS_WITHIN)
            .untilAsserted(() -> assertThat(degraded(server)).doesNotContain("postgresql"));
        await()
            .atMost(HEALS_WITHIN)
            .untilAsserted(() ->
                assertThat(server.admin().send("GET", "/projects/web", "").status())
                    .isEqualTo(200));
        var pruned = server.bean(MeterRegistry.class).get("stitchd.history.pruned").counter();
        var prunedBefore = pruned.count();
        server.admin().serve("web", "checkout", "production", "on");
        await().atMost(HEALS_WITHIN).until(() -> pruned.count() > prunedBefore);
        stream.await(event -> event.name().equals("patch"), SOON);
        await().atMost(SOON).untilAsserted(() -> assertThat(evaluate(server, key)).isEqualTo("on"));
        assertThat(traffic.failures()).as("evaluations while PostgreSQL was out").isEmpty();
        assertThat(traffic.answered()).isGreaterThan(answeredBefore);
      }
    }
  }

  @Test
  void whatAnotherNodeCommittedDuringTheOutageOfTheListenerArrives() {
    var database = postgres.freshDatabase().url();
    var events = clickHouse.freshDatabase().url();
    try (var one = Server.on(database, events, QUICK);
        var other = Server.on(database, events, QUICK)) {
      var key = withFlag(one);
      try (var stream = other.stream(key)) {
        stream.await(event -> event.name().equals("put"), SOON);
        for (int i = 0; i < 10; i++) {
          postgres.kill();
          postgres.start();
          var variant = i % 2 == 0 ? "on" : "off";
          await()
              .atMost(HEALS_WITHIN)
              .until(() ->
                  one.admin()
                          .send(
                              "PATCH",
                              "/projects/web/flags/checkout/environments/production",
                              "{\"enabled\":true,\"default\":{\"variant\":\"" + variant + "\"}}")
                          .status()
                      == 200);
          stream.await(
              event ->
                  event.name().equals("patch")
                      && event
                          .json()
                          .at("/flags/checkout/default/variant")
                          .asString("")
                          .equals(variant),
              HEALS_WITHIN);
        }
      }
    }
  }

  @Test
  void whileClickHouseIsOutNothingElseStopsAndNoAcknowledgedEventIsLostOrCountedTwice()
      throws Exception {
    try (var server =
        Server.on(postgres.freshDatabase().url(), clickHouse.freshDatabase().url(), Map.of())) {
      var key = withFlag(server);
      await().atMost(HEALS_WITHIN).untilAsserted(() -> assertThat(degraded(server)).isEmpty());
      try (var stream = server.stream(key);
          var senders = new Senders(server, key)) {
        stream.await(event -> event.name().equals("put"), SOON);
        await().atMost(SOON).until(() -> !senders.acknowledged.isEmpty());

        clickHouse.kill();

        await()
            .atMost(SOON)
            .untilAsserted(() -> assertThat(degraded(server)).isEqualTo(Set.of("clickhouse")));
        var spooled = senders.acknowledged.size();
        await().atMost(SOON).until(() -> senders.acknowledged.size() > spooled + 10);
        assertThat(senders.refused.get()).isZero();
        server.admin().serve("web", "checkout", "production", "on");
        stream.await(event -> event.name().equals("patch"), SOON);
        assertThat(evaluate(server, key)).isEqualTo("on");
        var counts =
            server
                .admin()
                .send("GET", "/projects/web/environments/production/stats/evaluations", "");
        assertThat(counts.status()).as(counts.body()).isEqualTo(503);

        clickHouse.start();

        await().atMost(HEALS_WITHIN).untilAsserted(() -> assertThat(degraded(server)).isEmpty());
        var before = senders.acknowledged.size();
        await().atMost(HEALS_WITHIN).until(() -> senders.acknowledged.size() > before);
        senders.close();
        await()
            .atMost(HEALS_WITHIN)
            .untilAsserted(() -> {
              var counted = counted(server, "sent");
              assertThat(counted).isGreaterThanOrEqualTo(senders.acknowledged.size());
              assertThat(counted).isLessThanOrEqualTo(senders.offered.size());
            });
      }
    }
  }

  @Test
  void theServerStartsWhileClickHouseIsOutAndMigratesItWhenItAppears() {
    var events = clickHouse.freshDatabase().url();
    clickHouse.kill();
    try (var server = Server.on(postgres.freshDatabase().url(), events, Map.of())) {
      var key = withFlag(server);
      assertThat(degraded(server)).isEqualTo(Set.of("clickhouse"));
      assertThat(evaluate(server, key)).isEqualTo("off");
      clickHouse.start();
      await().atMost(HEALS_WITHIN).untilAsserted(() -> assertThat(degraded(server)).isEmpty());
      await()
          .atMost(HEALS_WITHIN)
          .untilAsserted(() -> assertThat(counted(server, "off")).isEqualTo(1));
    }
  }

  private static String withFlag(Server server) {
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    return admin.createSdkKey("web", "production", "server");
  }

  private static Set<String> degraded(Server server) {
    var answer = server.http().send("GET", "/health/ready", "");
    assertThat(answer.status()).isEqualTo(200);
    var stores = new HashSet<String>();
    answer.json().get("degraded").forEach(store -> stores.add(store.stringValue()));
    return stores;
  }

  private static Http.Answer config(Server server, String key, String etag) {
    return etag.isEmpty()
        ? server.http().send("GET", "/sdk/v1/config", "", "Authorization", "Bearer " + key)
        : server
            .http()
            .send(
                "GET",
                "/sdk/v1/config",
                "",
                "Authorization",
                "Bearer " + key,
                "If-None-Match",
                etag);
  }

  private static String evaluate(Server server, String key) {
    var answer =
        server
            .http()
            .send(
                "POST",
                "/ofrep/v1/evaluate/flags/checkout",
                "{\"context\":{\"targetingKey\":\"u1\"}}",
                "Authorization",
                "Bearer " + key);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().get("variant").stringValue();
  }

  private static long counted(Server server, String variant) {
    var answer =
        server
            .admin()
            .send(
                "GET", "/projects/web/environments/production/stats/evaluations?flag=checkout", "");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    long count = 0;
    for (var item : answer.json().get("items")) {
      count +=
          item.get("variant").stringValue().equals(variant) ? item.get("count").longValue() : 0;
    }
    return count;
  }

  /// Somebody who evaluates all the time.
  private static final class Traffic implements AutoCloseable {
    private final AtomicBoolean running = new AtomicBoolean(true);
    private final AtomicInteger answered = new AtomicInteger();
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final Thread thread;

    Traffic(Server server, String key) {
      thread =
          Thread.ofPlatform()
              .start(() -> {
                while (running.get()) {
                  try {
                    evaluate(server, key);
                    answered.incrementAndGet();
                  } catch (AssertionError | RuntimeException failure) {
                    failures.add(String.valueOf(failure));
                  }
                }
              });
    }

    int answered() {
      return answered.get();
    }

    Set<String> failures() {
      return failures;
    }

    @Override
    public void close() {
      running.set(false);
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Four senders of single events, who send again with the same id whatever was not acknowledged.
  private static final class Senders implements AutoCloseable {
    private final Set<UUID> offered = ConcurrentHashMap.newKeySet();
    private final Set<UUID> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicBoolean running = new AtomicBoolean(true);
    private final Thread[] threads = new Thread[4];

    Senders(Server server, String key) {
      for (int i = 0; i < threads.length; i++) {
        threads[i] = Thread.ofPlatform().start(() -> send(server, key));
      }
    }

    private void send(Server server, String key) {
      while (running.get()) {
        var id = UUID.randomUUID();
        offered.add(id);
        var event =
            "[{\"type\":\"evaluation\",\"id\":\"%s\",\"at\":\"%s\",\"flag\":\"checkout\",\"variant\":\"sent\",\"context\":{\"targetingKey\":\"u\"}}]"
                .formatted(id, java.time.Instant.now());
        for (int attempt = 0; attempt < 3 && running.get(); attempt++) {
          var answer =
              server.http().send("POST", "/sdk/v1/events", event, "Authorization", "Bearer " + key);
          if (answer.status() == 202) {
            acknowledged.add(id);
            break;
          }
          assertThat(answer.status()).isEqualTo(503);
          refused.incrementAndGet();
        }
      }
    }

    @Override
    public void close() {
      running.set(false);
      for (var thread : threads) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
