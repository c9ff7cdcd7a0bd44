package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class AdminSettingsTest {

  private static AdminSettings bind(Map<String, String> values) {
    var named = new HashMap<String, String>();
    values.forEach((name, value) -> named.put("stitchd.admin." + name, value));
    return new Binder(new MapConfigurationPropertySource(named))
        .bindOrCreate("stitchd.admin", AdminSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new AdminSettings(
                DataSize.ofMegabytes(1),
                DataSize.ofMegabytes(8),
                DataSize.ofKilobytes(64),
                Duration.ofSeconds(1)));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "max-body", "2MB",
                    "max-members-body", "3MB",
                    "max-preview-context", "4KB",
                    "preview-wait", "5s")))
        .isEqualTo(
            new AdminSettings(
                DataSize.ofMegabytes(2),
                DataSize.ofMegabytes(3),
                DataSize.ofKilobytes(4),
                Duration.ofSeconds(5)));
  }

  @Test
  void aBodyNeedsRoom() {
    assertThatThrownBy(() -> bind(Map.of("max-preview-context", "0B")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
  }
}
