package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Of ClickHouse each tenant has a share: one's many questions are its own trouble.
@Timeout(120)
class QuestionSharesIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int MANY = 12;

  private static StoreProxy proxy;
  private static Server server;

  @BeforeAll
  static void start() {
    proxy = StoreProxy.to(Stores.shared().freshClickHouse().url());
    server =
        Server.start(
            new HashMap<>(
                Map.of(
                    "STITCHD_CLICKHOUSE_URL", proxy.url(),
                    "STITCHD_CLICKHOUSE_QUERY_THREADS", "2",
                    "STITCHD_CLICKHOUSE_QUERY_SHARE", "1",
                    "STITCHD_CLICKHOUSE_WAITING_QUERIES", "2")));
    for (var tenant : List.of("greedy", "modest")) {
      server.admin().create("/tenants", "{\"key\":\"%s\",\"name\":\"T\"}".formatted(tenant));
      create(tenant, "/projects", "{\"key\":\"web\",\"name\":\"Web\"}");
      create(tenant, "/projects/web/environments", "{\"key\":\"live\",\"name\":\"Live\"}");
    }
    await().atMost(SOON).until(() -> ask("greedy").status() == 200);
  }

  @AfterAll
  static void stop() {
    server.stop();
    proxy.close();
  }

  @Test
  void whoAsksTooMuchIsRefusedAndOthersAreAnswered() {
    proxy.delay(Duration.ofMillis(200)); // questions overlap, and pings still arrive in time
    try (var threads = Executors.newFixedThreadPool(MANY)) {
      var greedy =
          IntStream.range(0, MANY)
              .mapToObj(_ -> CompletableFuture.supplyAsync(() -> ask("greedy"), threads))
              .toList();
      CompletableFuture.anyOf(greedy.toArray(CompletableFuture[]::new)).join();
      assertThat(ask("modest").status()).isEqualTo(200);

      var answers = greedy.stream().map(CompletableFuture::join).toList();
      assertThat(answers).extracting(Http.Answer::status).contains(200, 429).containsOnly(200, 429);
      var refused = answers.stream().filter(answer -> answer.status() == 429).toList();
      assertThat(refused)
          .allSatisfy(answer -> {
            assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
            assertThat(answer.header("Retry-After")).matches("[1-9]\\d*");
            assertThat(answer.json().path("code").asString()).isEqualTo("too-many-questions");
            assertThat(answer.json().path("detail").asString()).isNotEmpty();
          });
    } finally {
      proxy.delay(Duration.ZERO);
    }
    var last = ask("greedy");
    assertThat(last.status()).as("nothing is left behind: " + last.body()).isEqualTo(200);
  }

  private static Http.Answer ask(String tenant) {
    return server
        .admin()
        .send(
            "GET",
            "/projects/web/environments/live/stats/evaluations?from=2026-10-01T00:00:00Z&to=2026-10-08T00:00:00Z",
            "",
            "Stitchd-Tenant",
            tenant);
  }

  private static void create(String tenant, String path, String body) {
    var made = server.admin().send("POST", path, body, "Stitchd-Tenant", tenant);
    assertThat(made.status()).as(made.body()).isEqualTo(201);
  }
}
