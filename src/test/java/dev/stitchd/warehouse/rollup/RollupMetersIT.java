package dev.stitchd.warehouse.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import dev.stitchd.warehouse.Warehouse;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a running server says of its rollups.
@Timeout(120)
class RollupMetersIT {

  private static final Duration SOON = Duration.ofSeconds(30);

  @Test
  void hoursAreCountedWhenTheyAreRolledUpAndWhenLateEventsReopenThem() {
    try (var server = Server.start(Map.of("STITCHD_WAREHOUSE_ROLLUP_INTERVAL", "PT0.4S"))) {
      server.admin().createProject("shop");
      server.admin().createEnvironment("shop", "production");
      server.admin().createFlag("shop", "checkout");
      var key = server.admin().createSdkKey("shop", "production", "server");
      var meters = server.bean(MeterRegistry.class);
      var at = Instant.now().minus(Duration.ofHours(2));

      evaluated(server, key, at);
      Warehouse.await(() -> count(meters, "rolled") == 1, SOON);
      Warehouse.await(() -> meters.get("stitchd.rollup.lag").gauge().value() == 0, SOON);
      assertThat(count(meters, "reopened")).isZero();

      int rolled = 1;
      while (count(meters, "reopened") == 0 && rolled < 10) {
        // not counted if it comes between looking at what is behind and rolling that up
        evaluated(server, key, at);
        double more = ++rolled;
        Warehouse.await(() -> count(meters, "rolled") == more, SOON);
      }
      assertThat(count(meters, "reopened")).isEqualTo(1);
      assertThat(count(meters, "failed")).isZero();
      assertThat(meters.get("stitchd.rollup.duration").timer().count()).isGreaterThanOrEqualTo(2);
    }
  }

  private static double count(MeterRegistry meters, String what) {
    return meters.get("stitchd.rollup." + what).counter().count();
  }

  private static void evaluated(Server server, String key, Instant at) {
    var event =
        """
        [{"type":"evaluation","id":"%s","at":"%s","flag":"checkout","variant":"on","reason":"SPLIT","context":{"targetingKey":"u"}}]\
        """
            .formatted(UUID.randomUUID(), at);
    var answer = server.http().post("/sdk/v1/events", event, "Authorization", "Bearer " + key);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
  }
}
