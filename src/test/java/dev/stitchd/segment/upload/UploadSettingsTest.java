package dev.stitchd.segment.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class UploadSettingsTest {

  private static final Map<String, String> ALL =
      Map.ofEntries(
          Map.entry("members", "1"),
          Map.entry("imports", "3"),
          Map.entry("import-threads", "4"),
          Map.entry("chunk-rows", "5"),
          Map.entry("chunk-size", "2KB"),
          Map.entry("errors-listed", "6"),
          Map.entry("idle", "7s"));

  static UploadSettings bind(Map<String, String> values) {
    var named = new HashMap<String, String>();
    values.forEach((name, value) -> named.put("stitchd.lists." + name, value));
    return new Binder(new MapConfigurationPropertySource(named))
        .bindOrCreate("stitchd.lists", UploadSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new UploadSettings(
                50_000_000, 2, 2, 4_096, DataSize.ofMegabytes(1), 20, Duration.ofSeconds(60)));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(bind(ALL))
        .isEqualTo(
            new UploadSettings(1, 3, 4, 5, DataSize.ofKilobytes(2), 6, Duration.ofSeconds(7)));
  }
}
