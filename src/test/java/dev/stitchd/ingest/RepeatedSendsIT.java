package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// The same events once into one environment, and again and again into another: by ten clients that
/// lose patience and repeat, to two nodes, in different groups each time. Nobody can tell the
/// difference by asking.
class RepeatedSendsIT {

  /// `-Dstitchd.repeated=100000` for many.
  private static final int EVENTS = Integer.getInteger("stitchd.repeated", 5_000);

  private static final int TIMES = 3;
  private static final int CLIENTS = 10;
  private static final int REQUEST = 250;

  /// Shorter than a batch waits, so that many answers are never heard.
  private static final Duration IMPATIENCE = Duration.ofMillis(120);

  private final Clock clock = Clock.systemUTC();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger unheard = new AtomicInteger();

  @Test
  void answersAreThoseOfSendingOnce() throws InterruptedException {
    try (var one = Server.start();
        var other = Server.on(one.postgres(), one.clickHouse(), Map.of())) {
      var admin = one.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "once");
      admin.createEnvironment("web", "often");
      var events = events(clock.instant());

      var once = new Sdk(one.url(), admin.createSdkKey("web", "once", "server"));
      for (int from = 0; from < EVENTS; from += 4 * REQUEST) {
        var part = events.subList(from, Math.min(EVENTS, from + 4 * REQUEST));
        assertThat(once.send(body(part)).status()).isEqualTo(202);
      }
      var key = admin.createSdkKey("web", "often", "server");
      sendOften(List.of(one.url(), other.url()), key, events);

      assertThat(failures).isEmpty();
      assertThat(unheard.get()).as("answers that nobody waited for").isPositive();
      for (var question :
          List.of("interval=PT1H", "interval=PT15M&flag=a", "interval=PT1M&flag=c")) {
        var expected = answer(one, "once", question);
        assertThat(expected.path("items").isEmpty()).isFalse();
        assertThat(answer(one, "often", question)).isEqualTo(expected);
        assertThat(answer(other, "often", question)).isEqualTo(expected);
      }
      check(one, other);
    }
  }

  /// Half evaluations of two flags, half counts of a third.
  private List<String> events(Instant now) {
    var random = new Random(7);
    var events = new ArrayList<String>();
    for (int i = 0; i < EVENTS; i++) {
      var at = now.minusSeconds(random.nextInt(7_200));
      var id = UUID.randomUUID();
      events.add(
          i % 2 == 0
              ? Sdk.evaluation(id, at, i % 4 == 0 ? "a" : "b", random.nextBoolean() ? "on" : "off")
              : """
              {"type":"count","id":"%s","at":"%s","flag":"c","variant":"on","count":%d}\
              """
                  .formatted(id, at, 1 + random.nextInt(9)));
    }
    return events;
  }

  private void sendOften(List<String> nodes, String key, List<String> events)
      throws InterruptedException {
    var threads = new ArrayList<Thread>();
    for (int client = 0; client < CLIENTS; client++) {
      var share = new ArrayList<String>();
      for (int time = 0; time < TIMES; time++) {
        // every time another client has it, so groups and nodes change
        for (int i = 0; i < events.size(); i++) {
          if ((i + 3 * time * (1 + i / CLIENTS)) % CLIENTS == client) {
            share.add(events.get(i));
          }
        }
      }
      Collections.shuffle(share, new Random(client));
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
              .start(() -> client(nodes, key, share)));
    }
    for (var thread : threads) {
      assertThat(thread.join(Duration.ofMinutes(5))).isTrue();
    }
  }

  /// Repeats each request, to one node and the other, with ever more patience, until it is
  /// acknowledged.
  private void client(List<String> nodes, String key, List<String> events) {
    var sdks = nodes.stream().map(url -> new Sdk(url, key)).toList();
    for (int from = 0; from < events.size(); from += REQUEST) {
      var body = body(events.subList(from, Math.min(events.size(), from + REQUEST)));
      for (int attempt = 0; ; attempt++) {
        try {
          if (sdks.get((from / REQUEST + attempt) % 2)
                  .send(body, IMPATIENCE.multipliedBy(1L << attempt))
                  .status()
              == 202) {
            break;
          }
        } catch (IllegalStateException _) {
          unheard.incrementAndGet();
        }
      }
    }
  }

  private static byte[] body(List<String> events) {
    return Sdk.array(events).getBytes(UTF_8);
  }

  private JsonNode answer(Server node, String environment, String question) {
    return node.admin()
        .get(
            "/projects/web/environments/%s/stats/evaluations?%s&from=%s&to=%s"
                .formatted(
                    environment,
                    question,
                    clock
                        .instant()
                        .minus(Duration.ofHours(4))
                        .truncatedTo(java.time.temporal.ChronoUnit.HOURS),
                    clock
                        .instant()
                        .plus(Duration.ofHours(1))
                        .truncatedTo(java.time.temporal.ChronoUnit.HOURS)));
  }

  /// Both nodes' accounts explain every row, and more rows than events there are.
  private void check(Server one, Server other) {
    long rows = 0;
    for (var node : List.of(one, other)) {
      var account = node.admin().get("/projects/web/environments/often/events/account");
      assertThat(account.path("accepted").asLong())
          .isEqualTo(
              account.path("stored").asLong()
                  + account.path("dead").asLong()
                  + account.path("spooled").asLong()
                  + account.path("inFlight").asLong());
      assertThat(account.path("duplicate").asLong() + account.path("accepted").asLong())
          .isPositive();
      rows += account.path("stored").asLong();
    }
    var store = StoreUrl.of(one.clickHouse());
    long all =
        Long.parseLong(
            store
                .query(
                    "SELECT (SELECT count() FROM evaluation_events) + (SELECT count() FROM flag_counts)")
                .getFirst());
    assertThat(all - EVENTS).isEqualTo(rows).isGreaterThan(2L * EVENTS);
    assertThat(
            store
                .query(
                    "SELECT uniqExact(id) FROM (SELECT id FROM evaluation_events UNION ALL SELECT id FROM flag_counts)")
                .getFirst())
        .isEqualTo(Integer.toString(EVENTS));
    System.out.printf(
        "repeated: %d events, %d rows, %d answers not waited for%n", EVENTS, all, unheard.get());
  }
}
