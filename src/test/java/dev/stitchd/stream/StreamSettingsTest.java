package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class StreamSettingsTest {

  @Test
  void hasDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new StreamSettings(
                Duration.ofSeconds(12),
                Duration.ofMinutes(30),
                Duration.ofMinutes(60),
                Duration.ofSeconds(40),
                Duration.ofSeconds(4),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                5_000,
                19_000,
                2_000,
                DataSize.ofKilobytes(64),
                Duration.ofSeconds(45)));
  }

  @Test
  void hasTheseNames() {
    var properties = new HashMap<String, String>();
    properties.put("stitchd.stream.heartbeat", "1s");
    properties.put("stitchd.stream.shortest-age", "2s");
    properties.put("stitchd.stream.longest-age", "3s");
    properties.put("stitchd.stream.stalled", "4s");
    properties.put("stitchd.stream.farewell", "17s");
    properties.put("stitchd.stream.shortest-retry", "5s");
    properties.put("stitchd.stream.longest-retry", "6s");
    properties.put("stitchd.stream.per-key", "7");
    properties.put("stitchd.stream.per-node", "8");
    properties.put("stitchd.stream.per-second", "9");
    properties.put("stitchd.stream.write-size", "11B");
    properties.put("stitchd.stream.unacknowledged", "16s");

    assertThat(bound(properties))
        .isEqualTo(
            new StreamSettings(
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                Duration.ofSeconds(17),
                Duration.ofSeconds(5),
                Duration.ofSeconds(6),
                7,
                8,
                9,
                DataSize.ofBytes(11),
                Duration.ofSeconds(16)));
  }

  private static StreamSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.stream", StreamSettings.class);
  }
}
