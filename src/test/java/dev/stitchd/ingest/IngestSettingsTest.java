package dev.stitchd.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.ingest.definitions.DefinitionSettings;
import dev.stitchd.ingest.quota.QuotaSettings;
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
                20_000,
                Duration.ofDays(7),
                Duration.ofMinutes(5),
                1_000,
                1_000_000_000,
                2,
                new DefinitionSettings(10_000, Duration.ofSeconds(2), 4),
                new QuotaSettings(
                    Duration.ofMillis(250),
                    Duration.ofSeconds(1),
                    20_000,
                    20,
                    100,
                    1_000,
                    100_000)));
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
            Map.entry("stitchd.ingest.ids-remembered", "77"),
            Map.entry("stitchd.ingest.past", "8ms"),
            Map.entry("stitchd.ingest.future", "9ms"),
            Map.entry("stitchd.ingest.rejected-listed", "10"),
            Map.entry("stitchd.ingest.count-most", "11"),
            Map.entry("stitchd.ingest.threads", "12"),
            Map.entry("stitchd.ingest.definitions.environments", "13"),
            Map.entry("stitchd.ingest.definitions.read-within", "14ms"),
            Map.entry("stitchd.ingest.definitions.registrations", "15"),
            Map.entry("stitchd.ingest.quota.lease", "16ms"),
            Map.entry("stitchd.ingest.quota.lease-within", "17ms"),
            Map.entry("stitchd.ingest.quota.balances", "18"),
            Map.entry("stitchd.ingest.quota.client-percent", "19"),
            Map.entry("stitchd.ingest.quota.address-per-second", "20"),
            Map.entry("stitchd.ingest.quota.address-burst", "21"),
            Map.entry("stitchd.ingest.quota.addresses", "22"));
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
                77,
                Duration.ofMillis(8),
                Duration.ofMillis(9),
                10,
                11,
                12,
                new DefinitionSettings(13, Duration.ofMillis(14), 15),
                new QuotaSettings(
                    Duration.ofMillis(16), Duration.ofMillis(17), 18, 19, 20, 21, 22)));
  }
}
