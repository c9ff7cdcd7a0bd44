package dev.stitchd.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ManagementPortIT {

  @Test
  void healthAndMetricsHaveAPortOfTheirOwnWhereOneIsNamed() {
    var settings =
        Map.of("STITCHD_MANAGEMENT_PORT", "0", "STITCHD_MANAGEMENT_ADDRESS", "127.0.0.1");
    try (var server = Server.start(settings)) {
      var http = Http.at("http://127.0.0.1:" + server.bean(ManagementPort.class).port());
      assertThat(http.send("GET", "/health/ready", "").json().get("status").stringValue())
          .isEqualTo("ready");
      var metrics = http.send("GET", "/metrics", "");
      assertThat(metrics.status()).isEqualTo(200);
      assertThat(metrics.body()).contains("jvm_memory_used_bytes");
      assertThat(metrics.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(http.send("GET", "/api/v1/projects", "").status()).isEqualTo(404);
    }
  }
}
