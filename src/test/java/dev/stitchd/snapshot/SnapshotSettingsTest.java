package dev.stitchd.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class SnapshotSettingsTest {

  @Test
  void hasDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new SnapshotSettings(
                10_000,
                Duration.ofMinutes(15),
                1_000,
                10_000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(1),
                4));
  }

  @Test
  void hasTheseNames() {
    assertThat(
            bound(
                Map.of(
                    "stitchd.snapshot.environments", "1",
                    "stitchd.snapshot.idle", "2s",
                    "stitchd.snapshot.log", "3",
                    "stitchd.snapshot.older-removals", "8",
                    "stitchd.snapshot.older-removals-pause", "9s",
                    "stitchd.snapshot.load-within", "4s",
                    "stitchd.snapshot.answer-within", "5s",
                    "stitchd.snapshot.catch-up", "7s",
                    "stitchd.snapshot.reads", "6")))
        .isEqualTo(
            new SnapshotSettings(
                1,
                Duration.ofSeconds(2),
                3,
                8,
                Duration.ofSeconds(9),
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                Duration.ofSeconds(7),
                6));
  }

  private static SnapshotSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.snapshot", SnapshotSettings.class);
  }
}
