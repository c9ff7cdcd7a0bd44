package dev.stitchd.ingest.quota;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.Stores;
import dev.stitchd.ingest.Sdk;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The quota of an environment while PostgreSQL, which has its tokens, is gone.
class QuotaOutageIT {

  private static final int PER_SECOND = 400;
  private static final int SENDERS = 12;
  private static final int EVENTS = 20;

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger throttled = new AtomicInteger();
  private final AtomicLong others = new AtomicLong();
  private OwnPostgres postgres;

  @BeforeEach
  void ownPostgres() {
    postgres = OwnPostgres.started();
  }

  @AfterEach
  void stop() {
    over.set(true);
    postgres.close();
  }

  @Test
  void lastShareGoesOnAndNoMoreThanIt() throws InterruptedException {
    try (var server =
        Server.on(
            postgres.freshDatabase().url(),
            Stores.shared().freshClickHouse().url(),
            Map.of("STITCHD_EVENTS_BATCH_WAIT", "20ms"))) {
      var admin = server.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.patch(
          "/projects/web/environments/production",
          "{\"settings\":{\"quotas\":{\"eventsPerSecond\":%d,\"eventsBurst\":%d}}}"
              .formatted(PER_SECOND, PER_SECOND));
      var sdk = new Sdk(server.url(), admin.createSdkKey("web", "production", "server"));
      for (int i = 0; i < SENDERS; i++) {
        Thread.ofVirtual().start(() -> send(sdk));
      }
      await().atMost(Patience.SOON).until(() -> throttled.get() > 0); // the burst is used up
      Thread.sleep(1_000);

      postgres.kill();
      Thread.sleep(1_500); // what was leased before is used up
      throttled.set(0);
      assertRate(3, 1.1);
      assertThat(throttled).hasPositiveValue();

      postgres.start();
      Thread.sleep(2_500);
      assertRate(2, 1.15);
      assertThat(others).as("answers that are neither 202 nor 429").hasValue(0);
      over.set(true);
    }
  }

  /// A busy machine may send too little for a while; too much must never be taken.
  private void assertRate(int seconds, double most) throws InterruptedException {
    double rate = 0;
    for (int i = 0; i < 4 && rate < 0.75 * PER_SECOND; i++) {
      rate = rate(seconds);
      assertThat(rate).isLessThan(most * PER_SECOND);
    }
    assertThat(rate).isGreaterThan(0.75 * PER_SECOND);
  }

  private double rate(int seconds) throws InterruptedException {
    int before = accepted.get();
    long from = System.nanoTime();
    Thread.sleep(seconds * 1_000L);
    return (accepted.get() - before) / ((System.nanoTime() - from) / 1e9);
  }

  private void send(Sdk sdk) {
    while (!over.get()) {
      var now = Clock.systemUTC().instant();
      var body =
          Sdk.array(
                  IntStream.range(0, EVENTS)
                      .mapToObj(_ -> Sdk.evaluation(UUID.randomUUID(), now, "f", "on"))
                      .toList())
              .getBytes(UTF_8);
      try {
        switch (sdk.send(body).status()) {
          case 202 -> accepted.addAndGet(EVENTS);
          case 429 -> throttled.incrementAndGet();
          default -> others.incrementAndGet();
        }
        Thread.sleep(30);
      } catch (InterruptedException | IllegalStateException _) {
        return; // the server has gone
      }
    }
  }
}
