package dev.stitchd.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class IngestSettingsTest {

  static IngestSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.ingest", IngestSettings.class);
  }

  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new IngestSettings(
                DataSize.ofMegabytes(10),
                DataSize.ofGigabytes(1),
                DataSize.ofKilobytes(64),
                DataSize.ofMegabytes(256),
                2_000,
                DataSize.ofMegabytes(1),
                4,
                Duration.ofDays(7),
                Duration.ofMinutes(5),
                1_000,
                1_000_000_000,
                2));
  }

  @Test
  void everyPropertyHasItsName() {
    var names =
        Map.ofEntries(
            Map.entry("stitchd.ingest.array-size", "1B"),
            Map.entry("stitchd.ingest.lines-size", "2B"),
            Map.entry("stitchd.ingest.event-size", "3B"),
            Map.entry("stitchd.ingest.buffered", "4B"),
            Map.entry("stitchd.ingest.chunk-events", "5"),
            Map.entry("stitchd.ingest.chunk-size", "6B"),
            Map.entry("stitchd.ingest.chunks-in-flight", "7"),
            Map.entry("stitchd.ingest.past", "8ms"),
            Map.entry("stitchd.ingest.future", "9ms"),
            Map.entry("stitchd.ingest.rejected-listed", "10"),
            Map.entry("stitchd.ingest.count-most", "11"),
            Map.entry("stitchd.ingest.threads", "12"));
    assertThat(bind(names))
        .isEqualTo(
            new IngestSettings(
                DataSize.ofBytes(1),
                DataSize.ofBytes(2),
                DataSize.ofBytes(3),
                DataSize.ofBytes(4),
                5,
                DataSize.ofBytes(6),
                7,
                Duration.ofMillis(8),
                Duration.ofMillis(9),
                10,
                11,
                12));
  }
}
