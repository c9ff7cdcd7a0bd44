package dev.stitchd.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class DrainSettingsTest {

  @Test
  void hasADefaultAndAName() {
    assertThat(drain(Map.of())).isEqualTo(new DrainSettings(Duration.ofSeconds(20)));
    assertThat(drain(Map.of("stitchd.drain", "PT1S")))
        .isEqualTo(new DrainSettings(Duration.ofSeconds(1)));
  }

  private static DrainSettings drain(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd", DrainSettings.class);
  }
}
