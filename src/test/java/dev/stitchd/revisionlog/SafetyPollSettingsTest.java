package dev.stitchd.revisionlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class SafetyPollSettingsTest {

  @Test
  void hasADefaultAndAName() {
    assertThat(poll(Map.of()))
        .isEqualTo(new SafetyPollSettings(Duration.ofSeconds(1), Duration.ofSeconds(10)));
    assertThat(poll(Map.of("stitchd.safety-poll", "PT0.2S", "stitchd.confirmed-within", "3s")))
        .isEqualTo(new SafetyPollSettings(Duration.ofMillis(200), Duration.ofSeconds(3)));
  }

  private static SafetyPollSettings poll(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd", SafetyPollSettings.class);
  }
}
