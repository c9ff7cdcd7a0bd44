package dev.stitchd.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class DecideSettingsTest {

  private static DecideSettings bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("stitchd.decide", DecideSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of())).isEqualTo(new DecideSettings(Duration.ofSeconds(5), 100_000));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.decide.count-interval", "PT1S",
                    "stitchd.decide.counts", "2")))
        .isEqualTo(new DecideSettings(Duration.ofSeconds(1), 2));
  }
}
