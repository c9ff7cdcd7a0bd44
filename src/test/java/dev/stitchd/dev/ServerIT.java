package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerIT {

  @Test
  void twoNodesOfOneInstallationAreReadyInOneJvm() {
    try (var one = Server.start();
        var other = Server.on(one.postgres(), one.clickHouse(), Map.of())) {
      assertThat(one.port()).isNotEqualTo(other.port());
      assertThat(one.http().get("/health/ready").status()).isEqualTo(200);
      assertThat(other.http().get("/health/ready").status()).isEqualTo(200);
    }
  }

  @Test
  void stoppedServerIsGone() {
    var server = Server.start();
    var url = server.url();
    server.stop();

    org.assertj.core.api.Assertions.assertThatThrownBy(() -> Http.at(url).get("/health/live"))
        .isInstanceOf(IllegalStateException.class);
  }
}
