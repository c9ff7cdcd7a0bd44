package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class GrpcSettingsTest {

  @Test
  void listensWhereProvidersOfFlagdLookUnlessItIsToldAPort() {
    assertThat(with(Map.of()).ports()).containsExactly(8013, 8015);
    assertThat(with(Map.of("stitchd.grpc.port", "9000")).ports()).containsExactly(9000);
    assertThat(with(Map.of("stitchd.grpc.port", "-1")).ports()).isEmpty();
  }

  @Test
  void aPortThatIsNoneIsRefused() {
    assertThatThrownBy(() -> with(Map.of("stitchd.grpc.port", "70000")).check())
        .isInstanceOf(StartFailure.class)
        .hasMessage("STITCHD_GRPC_PORT must be between -1 and 65535, not 70000.");
  }

  private static GrpcSettings with(Map<String, String> settings) {
    return new Binder(new MapConfigurationPropertySource(settings))
        .bindOrCreate("stitchd.grpc", GrpcSettings.class);
  }
}
