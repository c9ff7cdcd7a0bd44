package dev.stitchd.stream.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class SdkStreamSettingsTest {

  @Test
  void hasDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new SdkStreamSettings(
                64, Duration.ofSeconds(60), DataSize.ofMegabytes(32), 2, DataSize.ofBytes(512)));
  }

  @Test
  void hasTheseNames() {
    var properties = new HashMap<String, String>();
    properties.put("stitchd.stream.patches", "10");
    properties.put("stitchd.stream.longest-wait", "12s");
    properties.put("stitchd.stream.poll-bodies", "15B");
    properties.put("stitchd.stream.compressors", "13");
    properties.put("stitchd.stream.compress-from", "14B");

    assertThat(bound(properties))
        .isEqualTo(
            new SdkStreamSettings(
                10, Duration.ofSeconds(12), DataSize.ofBytes(15), 13, DataSize.ofBytes(14)));
  }

  private static SdkStreamSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.stream", SdkStreamSettings.class);
  }
}
