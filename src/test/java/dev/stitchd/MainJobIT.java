package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.ImmutableContext;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What Stitchd is for, from end to end and over HTTP alone: somebody changes a flag, a stream
/// delivers the change, an SDK that nobody here wrote gets the new variant, and the evaluations are
/// counted in ClickHouse.
class MainJobIT {

  private static final Duration PATIENCE = Patience.SOON;
  private static final String PROJECT = "shop";
  private static final String ENVIRONMENT = "production";
  private static final String FLAG = "checkout";

  @Test
  void changeReachesTheStreamTheSdkAndTheCounts() {
    try (var server = Server.start()) {
      var admin = server.admin();
      admin.createProject(PROJECT);
      admin.createEnvironment(PROJECT, ENVIRONMENT);
      var key = admin.createSdkKey(PROJECT, ENVIRONMENT, "server");
      try (var stream = server.stream(key)) {
        var put = stream.await(event -> event.name().equals("put"), PATIENCE);
        assertThat(put.json().path("flags").has(FLAG)).isFalse();

        admin.createFlag(PROJECT, FLAG);
        assertThat(patched(stream, false).path("variants").toString())
            .isEqualTo("{\"on\":true,\"off\":false}");
        var provider = provider(server, key);
        evaluate(provider, "early", 3, false, "off", "DISABLED");

        admin.serve(PROJECT, FLAG, ENVIRONMENT, "on");
        assertThat(patched(stream, true).path("default").path("variant").asString())
            .isEqualTo("on");
        evaluate(provider, "late", 5, true, "on", "STATIC");
        provider.shutdown();
        askForAll(server, key);
      }
      awaitCounts(server, Map.of("off", 3L, "on", 6L));
    }
  }

  /// The flag's new state, as the next patch that carries it has it.
  private static JsonNode patched(SseClient stream, boolean enabled) {
    var patch =
        stream.await(
            event ->
                event.name().equals("patch")
                    && event.json().path("flags").path(FLAG).path("enabled").asBoolean(!enabled)
                        == enabled,
            PATIENCE);
    assertThat(patch.id()).endsWith("." + patch.json().path("revision").asLong());
    return patch.json().path("flags").path(FLAG);
  }

  private static OfrepProvider provider(Server server, String key) {
    return OfrepProvider.constructProvider(
        OfrepProviderOptions.builder()
            .baseUrl(server.url())
            .headers(ImmutableMap.of("Authorization", ImmutableList.of("Bearer " + key)))
            .build());
  }

  /// Once a patch was delivered, no evaluation may give what was before it, so nothing waits here.
  private static void evaluate(
      OfrepProvider provider,
      String user,
      int times,
      boolean value,
      String variant,
      String reason) {
    for (int i = 0; i < times; i++) {
      var evaluation = provider.getBooleanEvaluation(FLAG, !value, new ImmutableContext(user + i));
      assertThat(evaluation.getErrorMessage()).isNull();
      assertThat(evaluation.getValue()).isEqualTo(value);
      assertThat(evaluation.getVariant()).isEqualTo(variant);
      assertThat(evaluation.getReason()).isEqualTo(reason);
    }
  }

  /// A page that asks for everything: counted, though nobody in particular was exposed.
  private static void askForAll(Server server, String key) {
    var answer =
        server
            .http()
            .post(
                "/ofrep/v1/evaluate/flags",
                "{\"context\":{\"targetingKey\":\"late0\"}}",
                "X-API-Key",
                key);
    assertThat(answer.json().path("flags").get(0).path("variant").asString()).isEqualTo("on");
  }

  private static void awaitCounts(Server server, Map<String, Long> expected) {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    var counts = counts(server);
    while (!counts.equals(expected) && System.nanoTime() < deadline) {
      pause();
      counts = counts(server);
    }
    assertThat(counts).isEqualTo(expected);
  }

  private static Map<String, Long> counts(Server server) {
    var hour = Instant.now().truncatedTo(ChronoUnit.HOURS);
    var items =
        server
            .admin()
            .get(
                "/projects/%s/environments/%s/stats/evaluations?flag=%s&from=%s&to=%s&interval=PT1H"
                    .formatted(
                        PROJECT,
                        ENVIRONMENT,
                        FLAG,
                        hour.minus(1, ChronoUnit.HOURS),
                        hour.plus(2, ChronoUnit.HOURS)))
            .path("items");
    var counts = new HashMap<String, Long>();
    items.forEach(item ->
        counts.merge(item.path("variant").asString(), item.path("count").asLong(), Long::sum));
    return counts;
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
