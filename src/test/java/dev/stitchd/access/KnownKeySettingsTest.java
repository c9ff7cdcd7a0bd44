package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class KnownKeySettingsTest {

  @Test
  void hasDefaultsAndTheseNames() {
    assertThat(bound(Map.of()))
        .isEqualTo(new KnownKeySettings(Duration.ofHours(24), Duration.ofMinutes(1)));
    assertThat(
            bound(Map.of("stitchd.access.kept.longest", "1s", "stitchd.access.kept.confirm", "2s")))
        .isEqualTo(new KnownKeySettings(Duration.ofSeconds(1), Duration.ofSeconds(2)));
  }

  private static KnownKeySettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.access.kept", KnownKeySettings.class);
  }
}
