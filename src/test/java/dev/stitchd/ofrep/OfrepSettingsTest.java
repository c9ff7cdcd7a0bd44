package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class OfrepSettingsTest {

  private static OfrepSettings bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("stitchd.ofrep", OfrepSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(new OfrepSettings(DataSize.ofKilobytes(256), DataSize.ofKilobytes(64)));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.ofrep.max-body", "1MB",
                    "stitchd.ofrep.max-context", "2KB")))
        .isEqualTo(new OfrepSettings(DataSize.ofMegabytes(1), DataSize.ofKilobytes(2)));
  }
}
