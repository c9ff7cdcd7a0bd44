package dev.stitchd.segment.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class UpkeepSettingsTest {

  private static final Map<String, String> ALL =
      Map.ofEntries(
          Map.entry("asked-check", "18s"),
          Map.entry("asked-from", "19"),
          Map.entry("share-while-asked", "21"),
          Map.entry("heartbeat", "9s"),
          Map.entry("silence", "20s"),
          Map.entry("announce-check", "11s"),
          Map.entry("announce-gap", "12s"),
          Map.entry("retention", "13s"),
          Map.entry("removal-check", "14s"),
          Map.entry("removal-batch", "15"),
          Map.entry("removal-pause", "16s"));

  static UpkeepSettings bind(Map<String, String> values) {
    var named = new HashMap<String, String>();
    values.forEach((name, value) -> named.put("stitchd.lists." + name, value));
    return new Binder(new MapConfigurationPropertySource(named))
        .bindOrCreate("stitchd.lists", UpkeepSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new UpkeepSettings(
                Duration.ofSeconds(1),
                10,
                25,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                Duration.ofSeconds(5),
                5_000,
                Duration.ofMillis(20)));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(bind(ALL))
        .isEqualTo(
            new UpkeepSettings(
                Duration.ofSeconds(18),
                19,
                21,
                Duration.ofSeconds(9),
                Duration.ofSeconds(20),
                Duration.ofSeconds(11),
                Duration.ofSeconds(12),
                Duration.ofSeconds(13),
                Duration.ofSeconds(14),
                15,
                Duration.ofSeconds(16)));
  }

  @Test
  void bulkWorkNeedsAShareOfTheTime() {
    assertThatThrownBy(() -> bind(Map.of("share-while-asked", "0")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> bind(Map.of("share-while-asked", "101")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> bind(Map.of("asked-from", "0")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anImportMayNotBeCalledDeadBetweenTwoHeartbeats() {
    assertThatThrownBy(() -> bind(Map.of("heartbeat", "5s", "silence", "9s")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
  }
}
