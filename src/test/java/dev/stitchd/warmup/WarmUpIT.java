package dev.stitchd.warmup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.Server;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WarmUpIT {

  @Test
  void aNodeAsksItselfBeforeItIsReadyAndNothingOfThatIsCounted() {
    try (var log = LogLines.open();
        var server =
            Server.start(Map.of("STITCHD_WARMUP_TIME", "120s", "STITCHD_WARMUP_REQUESTS", "400"))) {
      assertThat(log.with("Warmed up with 400 requests")).isEqualTo(1);
      var meters = server.bean(MeterRegistry.class);
      assertThat(evaluations(meters)).isZero();
      assertThat(meters.find("http.server.requests").tag("uri", "/sdk/v1/config").timers())
          .isEmpty();
      assertThat(meters.find("stitchd.events.dropped").counters())
          .allSatisfy(dropped -> assertThat(dropped.count()).isZero());

      var admin = server.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      var key = admin.createSdkKey("web", "production", "server");
      var answer =
          server
              .http()
              .post(
                  "/ofrep/v1/evaluate/flags/checkout",
                  "{\"context\":{\"targetingKey\":\"user-1\"}}",
                  "Authorization",
                  "Bearer " + key,
                  "Content-Type",
                  "application/json");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(evaluations(meters)).isEqualTo(1);
    }
  }

  @Test
  void theWarmUpEndsWhenItsTimeIsOver() {
    try (var log = LogLines.open();
        var server =
            Server.start(
                Map.of("STITCHD_WARMUP_TIME", "100ms", "STITCHD_WARMUP_REQUESTS", "1000000000"))) {
      assertThat(log.lines()).anyMatch(line -> line.contains("Warmed up with"));
      assertThat(server.http().get("/health/ready").status()).isEqualTo(200);
    }
  }

  private static double evaluations(MeterRegistry meters) {
    return meters.find("stitchd.decide.evaluations").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }
}
