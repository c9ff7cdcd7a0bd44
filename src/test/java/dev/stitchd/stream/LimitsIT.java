package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Node;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.Transport;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.EnumMap;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How many streams a key and a node may have, how many are accepted at once, and how old one may
/// grow, over HTTP alone, over every transport.
@Timeout(180)
class LimitsIT {

  private static final int PER_SECOND = 40;

  /// A slow machine may take more than a second for a burst, and rightly refuse none of it.
  private static final int BURSTS = 10;

  private static final Map<String, String> SETTINGS =
      Map.of(
          "STITCHD_STREAM_PER_KEY", "3",
          "STITCHD_STREAM_PER_NODE", "5",
          "STITCHD_STREAM_PER_SECOND", Integer.toString(PER_SECOND),
          "STITCHD_STREAM_SHORTEST_AGE", "PT5S",
          "STITCHD_STREAM_LONGEST_AGE", "PT6S",
          "STITCHD_OFREP_STREAM_AGE", "PT5S",
          "STITCHD_STREAM_HEARTBEAT", "PT1S");

  private static final Map<Transport, Node> NODES = new EnumMap<>(Transport.class);
  private static Server plain;
  private static Server encrypted;
  private static Admin admin;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private final List<HttpResponse<InputStream>> held = new ArrayList<>();
  private String key;

  @BeforeAll
  static void start() {
    plain = Server.start(SETTINGS);
    encrypted = Server.on(plain.postgres(), plain.clickHouse(), Transport.TLS.settings(SETTINGS));
    for (var transport : Transport.values()) {
      NODES.put(transport, new Node(transport.isEncrypted() ? encrypted : plain, transport));
    }
    admin = plain.admin();
  }

  @AfterAll
  static void stop() {
    NODES.values().forEach(node -> node.client().shutdownNow());
    encrypted.stop();
    plain.stop();
  }

  @BeforeEach
  void project() throws InterruptedException {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    key = admin.createSdkKey(project, "production", "server");
    for (var node : NODES.values()) {
      assertThat(node.http().get("/sdk/v1/config", "X-API-Key", key).status()).isEqualTo(200);
    }
    // what the test before asked for in this second counts until the second is over
    Thread.sleep(1_000 - System.currentTimeMillis() % 1_000);
  }

  @AfterEach
  void goAway() throws IOException, InterruptedException {
    for (var stream : held) {
      stream.body().close();
    }
    long end = System.nanoTime() + Patience.SOON.toNanos();
    while (open() > 0) {
      assertThat(System.nanoTime()).as("places are given back").isLessThan(end);
      Thread.sleep(20);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKeyThatHasItsStreamsIsToldWhenToComeBackByChance(Transport transport) {
    var node = NODES.get(transport);
    double before = refusals(node, "per-key");
    for (int i = 0; i < 3; i++) {
      assertThat(ask(node, key).statusCode()).isEqualTo(200);
    }

    assertRefused(429, asked(node, key, 12));
    assertThat(refusals(node, "per-key") - before).isGreaterThanOrEqualTo(10);
  }

  @ParameterizedTest
  @EnumSource
  void aNodeThatHasItsStreamsSaysSoToAllKeys(Transport transport) {
    var node = NODES.get(transport);
    double before = refusals(node, "per-node");
    var other = admin.createSdkKey(project, "production", "server");
    for (int i = 0; i < 3; i++) {
      assertThat(ask(node, key).statusCode()).isEqualTo(200);
    }
    for (int i = 0; i < 2; i++) {
      assertThat(ask(node, other).statusCode()).isEqualTo(200);
    }

    assertRefused(503, asked(node, other, 12));
    assertThat(refusals(node, "per-node") - before).isGreaterThanOrEqualTo(10);
  }

  @ParameterizedTest
  @EnumSource
  void moreThanSoManyInASecondAreToldToComeLater(Transport transport) {
    var node = NODES.get(transport);
    double before = refusals(node, "per-second");
    var late = new ArrayList<HttpResponse<InputStream>>();
    for (int i = 0; i < BURSTS && late.size() < 10; i++) {
      burst(node).stream().filter(answer -> answer.statusCode() == 503).forEach(late::add);
    }

    assertRefused(503, late);
    assertThat(refusals(node, "per-second") - before).isGreaterThanOrEqualTo(10);
    assertThat(held).as("streams of a key that may have three").hasSize(3);
  }

  /// Over all transports at once, since it takes as long as a stream may last.
  @Test
  void anOldStreamOfEitherProtocolIsToldThatItIs() {
    var client = admin.createSdkKey(project, "production", "client");
    var all = plain.http().post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", client).json();
    var address = all.path("eventStreams").get(0).path("endpoint").path("requestUri").asString();
    var streams = new ArrayList<SseClient>();
    try {
      for (var node : NODES.values()) {
        streams.add(node.stream(key));
        streams.add(node.open(address, List.of()));
      }
      for (var stream : streams) {
        var goodbye =
            stream.await(event -> event.name().equals("goodbye"), Patience.withinSeconds(8));
        assertThat(goodbye.json().path("reason").asString()).isEqualTo("maximum-age");
        assertThat(goodbye.json().path("reconnectAfterMs").asLong()).isBetween(1_000L, 5_000L);
        stream.awaitEnd(Patience.SOON);
      }
    } finally {
      streams.forEach(SseClient::close);
    }
  }

  private void assertRefused(int status, List<HttpResponse<InputStream>> answers) {
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
  }

  private static double refusals(Node node, String why) {
    var refused = node.bean(MeterRegistry.class).find("stitchd.stream.refused").tag("why", why);
    return refused.counters().stream().mapToDouble(Counter::count).sum();
  }

  private List<HttpResponse<InputStream>> asked(Node node, String by, int times) {
    var answers = new ArrayList<HttpResponse<InputStream>>();
    for (int i = 0; i < times; i++) {
      answers.add(ask(node, by));
    }
    return answers;
  }

  private List<HttpResponse<InputStream>> burst(Node node) {
    return Stream.generate(() -> begin(node, key)).limit(PER_SECOND * 2).toList().stream()
        .map(this::answered)
        .toList();
  }

  private HttpResponse<InputStream> ask(Node node, String by) {
    return answered(begin(node, by));
  }

  private static CompletableFuture<HttpResponse<InputStream>> begin(Node node, String by) {
    var request =
        HttpRequest.newBuilder(URI.create(node.url() + "/sdk/v1/stream"))
            .header("X-API-Key", by)
            .build();
    return node.client().sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
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
    return Stream.of(plain, encrypted)
        .mapToDouble(node -> node.bean(MeterRegistry.class).get("stitchd.streams").gauge().value())
        .sum();
  }
}
