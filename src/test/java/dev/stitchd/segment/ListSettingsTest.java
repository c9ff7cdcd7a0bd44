package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class ListSettingsTest {

  private static final Map<String, String> ALL =
      Map.ofEntries(
          Map.entry("members", "1"),
          Map.entry("imports", "3"),
          Map.entry("import-threads", "4"),
          Map.entry("chunk-rows", "5"),
          Map.entry("chunk-size", "2KB"),
          Map.entry("asked-check", "18s"),
          Map.entry("asked-from", "19"),
          Map.entry("share-while-asked", "21"),
          Map.entry("errors-listed", "6"),
          Map.entry("idle", "7s"),
          Map.entry("answer-after", "8s"),
          Map.entry("heartbeat", "9s"),
          Map.entry("silence", "20s"),
          Map.entry("imports-kept", "10"),
          Map.entry("changes-waiting", "22"),
          Map.entry("changed-together", "23"),
          Map.entry("announce-check", "11s"),
          Map.entry("announce-gap", "12s"),
          Map.entry("retention", "13s"),
          Map.entry("removal-check", "14s"),
          Map.entry("removal-batch", "15"),
          Map.entry("removal-pause", "16s"),
          Map.entry("export-page", "17"));

  static ListSettings bind(Map<String, String> values) {
    var named = new HashMap<String, String>();
    values.forEach((name, value) -> named.put("stitchd.lists." + name, value));
    return new Binder(new MapConfigurationPropertySource(named))
        .bindOrCreate("stitchd.lists", ListSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new ListSettings(
                50_000_000,
                2,
                2,
                4_096,
                DataSize.ofMegabytes(1),
                Duration.ofSeconds(1),
                10,
                25,
                20,
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                20,
                2_000,
                10_000,
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                Duration.ofSeconds(5),
                5_000,
                Duration.ofMillis(20),
                5_000));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(bind(ALL))
        .isEqualTo(
            new ListSettings(
                1,
                3,
                4,
                5,
                DataSize.ofKilobytes(2),
                Duration.ofSeconds(18),
                19,
                21,
                6,
                Duration.ofSeconds(7),
                Duration.ofSeconds(8),
                Duration.ofSeconds(9),
                Duration.ofSeconds(20),
                10,
                22,
                23,
                Duration.ofSeconds(11),
                Duration.ofSeconds(12),
                Duration.ofSeconds(13),
                Duration.ofSeconds(14),
                15,
                Duration.ofSeconds(16),
                17));
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
