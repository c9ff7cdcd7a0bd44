package dev.stitchd.ingest.quota;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.ingest.Sdk;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Quotas of environments, kept together by two nodes on one PostgreSQL.
class QuotaIT {

  private static final Instant NOW = Clock.systemUTC().instant();
  private static final int PER_SECOND = 400;

  private static volatile boolean stopped;
  private static Server one;
  private static Server other;

  @BeforeAll
  static void start() {
    one = Server.start(Map.of("STITCHD_TRUSTED_PROXIES", "127.0.0.1/32"));
    other =
        Server.on(
            one.postgres(),
            one.clickHouse(),
            Map.of("STITCHD_INGEST_QUOTA_ADDRESS_BURST", "1000000"));
    one.admin().createProject("web");
  }

  @AfterAll
  static void stop() {
    other.close();
    one.close();
  }

  private static String environment(String name, String quotas) {
    var admin = one.admin();
    admin.createEnvironment("web", name);
    admin.createFlagFrom(
        "web",
        """
        {"key":"%s","name":"Shown","type":"boolean","variants":{"on":true,"off":false},"clientVisible":true}\
        """
            .formatted(name));
    admin.patch(
        "/projects/web/environments/" + name, "{\"settings\":{\"quotas\":%s}}".formatted(quotas));
    return name;
  }

  private static byte[] batch(String flag, int events) {
    return Sdk.array(
            IntStream.range(0, events)
                .mapToObj(_ -> Sdk.evaluation(UUID.randomUUID(), NOW, flag, "on"))
                .toList())
        .getBytes(UTF_8);
  }

  /// Somebody who sends batches at a pace and does not care about refusals.
  private static Thread load(Sdk sdk, String flag, int events, Duration every, AtomicInteger took) {
    return Thread.ofVirtual()
        .start(() -> {
          while (!stopped) {
            if (sdk.send(batch(flag, events)).status() == 202) {
              took.addAndGet(events);
            }
            LockSupport.parkNanos(every.toNanos());
          }
        });
  }

  @Test
  void twoUnevenlyLoadedNodesKeepOneQuota() throws InterruptedException {
    var flag =
        environment("shared", "{\"eventsPerSecond\":%d,\"eventsBurst\":400}".formatted(PER_SECOND));
    var key = one.admin().createSdkKey("web", "shared", "server");
    var here = new AtomicInteger();
    var there = new AtomicInteger();
    var loads = new ArrayList<Thread>();
    // an accepted request waits for its batch, so it takes many to be beyond the quota
    for (int i = 0; i < 30; i++) {
      loads.add(load(new Sdk(one.url(), key), flag, 20, Duration.ofMillis(20), here));
    }
    loads.add(load(new Sdk(other.url(), key), flag, 15, Duration.ofMillis(100), there));
    Thread.sleep(2_000); // the burst is used up
    int thereBefore = there.get();
    double rate = 0;
    for (int i = 0; i < 3 && rate < PER_SECOND * 0.9; i++) { // a busy machine may send too little
      int before = here.get() + there.get();
      long from = System.nanoTime();
      Thread.sleep(10_000);
      rate = (here.get() + there.get() - before) / ((System.nanoTime() - from) / 1e9);
      assertThat(rate).isLessThan(PER_SECOND * 1.1);
    }
    stopped = true;
    assertThat(rate).isGreaterThan(PER_SECOND * 0.9);
    assertThat(there.get()).isGreaterThan(thereBefore);
    for (var load : loads) {
      load.join();
    }
  }

  @Test
  void whoIsBeyondTheQuotaIsToldWhenToComeAgain() {
    var flag = environment("small", "{\"eventsPerSecond\":10,\"eventsBurst\":10}");
    var sdk = new Sdk(one.url(), one.admin().createSdkKey("web", "small", "server"));
    await().atMost(Patience.SOON).until(() -> sdk.send(batch(flag, 100)).status() == 429);
    var refused = sdk.send(batch(flag, 1));
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.json().path("code").asString()).isEqualTo("too-many-requests");
    assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
    assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
    var lines = new String(batch(flag, 1), UTF_8).replaceAll("^\\[|]$", "").getBytes(UTF_8);
    assertThat(sdk.send(lines, "Content-Type", "application/x-ndjson").status()).isEqualTo(429);
  }

  @Test
  void clientKeysHaveAFifth() {
    var flag = environment("public", "{\"eventsPerSecond\":50,\"eventsBurst\":50}");
    var client = new Sdk(other.url(), one.admin().createSdkKey("web", "public", "client"));
    var server = new Sdk(other.url(), one.admin().createSdkKey("web", "public", "server"));
    await().atMost(Patience.SOON).until(() -> client.send(batch(flag, 30)).status() == 429);
    assertThat(server.send(batch(flag, 10)).status()).isEqualTo(202);
    assertThat(client.send(batch(flag, 1)).status()).isEqualTo(429);
  }

  @Test
  void everyAddressHasItsOwnBucketBehindATrustedProxy() {
    var admin = one.admin();
    admin.createEnvironment("web", "addresses");
    admin.createFlagFrom(
        "web",
        """
        {"key":"addresses","name":"Shown","type":"boolean","variants":{"on":true,"off":false},"clientVisible":true}\
        """);
    var client = new Sdk(one.url(), admin.createSdkKey("web", "addresses", "client"));
    var forwarded = "X-Forwarded-For";
    await()
        .atMost(Patience.SOON)
        .until(
            () -> client.send(batch("addresses", 1_000), forwarded, "203.0.113.7").status() == 429);
    assertThat(client.send(batch("addresses", 1), forwarded, "198.51.100.1, 203.0.113.7").status())
        .as("what the sender wrote itself is not believed")
        .isEqualTo(429);
    assertThat(client.send(batch("addresses", 1), forwarded, "203.0.113.8").status())
        .isEqualTo(202);
  }
}
