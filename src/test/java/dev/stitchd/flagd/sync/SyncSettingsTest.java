package dev.stitchd.flagd.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class SyncSettingsTest {

  @Test
  void setsAreAsLargeAsProvidersTakeAndBurstsGoTogether() {
    assertThat(with(Map.of()))
        .isEqualTo(
            new SyncSettings(
                DataSize.ofMegabytes(4),
                Duration.ofMillis(100),
                1_000,
                20_000,
                DataSize.ofMegabytes(64),
                DataSize.ofMegabytes(64),
                Duration.ofSeconds(5)));
  }

  @Test
  void eachIsSetByItsName() {
    assertThat(
            with(
                Map.of(
                    "stitchd.flagd.sync.max-set", "1MB",
                    "stitchd.flagd.sync.pause", "50ms",
                    "stitchd.flagd.sync.list-members", "0",
                    "stitchd.flagd.sync.all-members", "5",
                    "stitchd.flagd.sync.members-kept", "7KB",
                    "stitchd.flagd.sync.in-flight", "1MB",
                    "stitchd.flagd.sync.stalled", "1s")))
        .isEqualTo(
            new SyncSettings(
                DataSize.ofMegabytes(1),
                Duration.ofMillis(50),
                0,
                5,
                DataSize.ofKilobytes(7),
                DataSize.ofMegabytes(1),
                Duration.ofSeconds(1)));
  }

  private static SyncSettings with(Map<String, String> settings) {
    return new Binder(new MapConfigurationPropertySource(settings))
        .bindOrCreate("stitchd.flagd.sync", SyncSettings.class);
  }
}
