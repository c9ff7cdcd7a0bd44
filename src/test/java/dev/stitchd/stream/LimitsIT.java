package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How many streams a key and a node may have, how many are accepted at once, and how old one may
/// grow, over HTTP alone.
@Timeout(60)
class LimitsIT {

  private static final int PER_SECOND = 40;

  /// A slow machine may take more than a second for a burst, and rightly refuse none of it.
  private static final int BURSTS = 10;

  private static Server server;
  private static Admin admin;
  private static HttpClient http;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private final List<HttpResponse<InputStream>> held = new ArrayList<>();
  private String key;

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_STREAM_PER_KEY", "3",
                "STITCHD_STREAM_PER_NODE", "5",
                "STITCHD_STREAM_PER_SECOND", Integer.toString(PER_SECOND),
                "STITCHD_STREAM_SHORTEST_AGE", "PT5S",
                "STITCHD_STREAM_LONGEST_AGE", "PT6S",
                "STITCHD_STREAM_HEARTBEAT", "PT1S"));
    admin = server.admin();
    http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  @AfterAll
  static void stop() {
    http.shutdownNow();
    server.stop();
  }

  @BeforeEach
  void project() throws InterruptedException {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    key = admin.createSdkKey(project, "production", "server");
    assertThat(server.http().get("/sdk/v1/config", "X-API-Key", key).status()).isEqualTo(200);
    Thread.sleep(1_000); // the second of the test before is over
  }

  @AfterEach
  void goAway() throws IOException, InterruptedException {
    for (var stream : held) {
      stream.body().close();
    }
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (open() > 0) {
      assertThat(System.nanoTime()).as("places are given back").isLessThan(end);
      Thread.sleep(20);
    }
  }

  @Test
  void aKeyThatHasItsStreamsIsToldWhenToComeBackByChance() {
    for (int i = 0; i < 3; i++) {
      assertThat(ask(key).statusCode()).isEqualTo(200);
    }

    assertRefused(429, "per-key", asked(key, 12));
  }

  @Test
  void aNodeThatHasItsStreamsSaysSoToAllKeys() {
    var other = admin.createSdkKey(project, "production", "server");
    for (int i = 0; i < 3; i++) {
      assertThat(ask(key).statusCode()).isEqualTo(200);
    }
    for (int i = 0; i < 2; i++) {
      assertThat(ask(other).statusCode()).isEqualTo(200);
    }

    assertRefused(503, "per-node", asked(other, 12));
  }

  @Test
  void moreThanSoManyInASecondAreToldToComeLater() {
    var late = new ArrayList<HttpResponse<InputStream>>();
    for (int i = 0; i < BURSTS && late.size() < 10; i++) {
      burst().stream().filter(answer -> answer.statusCode() == 503).forEach(late::add);
    }

    assertRefused(503, "per-second", late);
    assertThat(held).as("streams of a key that may have three").hasSize(3);
  }

  @Test
  void anOldStreamOfEitherProtocolIsToldThatItIs() {
    var client = admin.createSdkKey(project, "production", "client");
    var all = server.http().post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", client).json();
    var address = all.path("eventStreams").get(0).path("endpoint").path("requestUri").asString();
    try (var sdk = server.stream(key);
        var ofrep = SseClient.open(server.url() + address)) {
      for (var stream : List.of(sdk, ofrep)) {
        var goodbye = stream.await(event -> event.name().equals("goodbye"), Duration.ofSeconds(8));
        assertThat(goodbye.json().path("reason").asString()).isEqualTo("maximum-age");
        assertThat(goodbye.json().path("reconnectAfterMs").asLong()).isBetween(1_000L, 5_000L);
        stream.awaitEnd(Duration.ofSeconds(2));
      }
    }
  }

  private void assertRefused(int status, String why, List<HttpResponse<InputStream>> answers) {
    assertThat(answers)
        .hasSizeGreaterThanOrEqualTo(10)
        .allSatisfy(answer -> {
          assertThat(answer.statusCode()).isEqualTo(status);
          assertThat(answer.headers().firstValue("Content-Type"))
              .hasValue("application/problem+json");
          assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(1L, 5L);
        });
    assertThat(
            answers.stream().map(answer -> answer.headers().firstValue("Retry-After")).distinct())
        .as("times by chance")
        .hasSizeGreaterThan(1);
    assertThat(
            server
                .bean(MeterRegistry.class)
                .get("stitchd.stream.refused")
                .tag("why", why)
                .counter()
                .count())
        .isGreaterThanOrEqualTo(10);
  }

  private List<HttpResponse<InputStream>> asked(String by, int times) {
    var answers = new ArrayList<HttpResponse<InputStream>>();
    for (int i = 0; i < times; i++) {
      answers.add(ask(by));
    }
    return answers;
  }

  private List<HttpResponse<InputStream>> burst() {
    return Stream.generate(() -> begin(key)).limit(PER_SECOND * 2).toList().stream()
        .map(this::answered)
        .toList();
  }

  private HttpResponse<InputStream> ask(String by) {
    return answered(begin(by));
  }

  private static CompletableFuture<HttpResponse<InputStream>> begin(String by) {
    var request =
        HttpRequest.newBuilder(URI.create(server.url() + "/sdk/v1/stream"))
            .header("X-API-Key", by)
            .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  private HttpResponse<InputStream> answered(CompletableFuture<HttpResponse<InputStream>> asked) {
    var answer = asked.join();
    if (answer.statusCode() == 200) {
      held.add(answer);
    } else {
      read(answer);
    }
    return answer;
  }

  private static void read(HttpResponse<InputStream> answer) {
    try {
      answer.body().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double open() {
    return server.bean(MeterRegistry.class).get("stitchd.streams").gauge().value();
  }
}
