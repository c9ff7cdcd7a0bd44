package dev.stitchd.warehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class LiveSettingsTest {

  private static LiveSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.live", LiveSettings.class);
  }

  @Test
  void defaults() {
    var settings = bind(Map.of());
    assertThat(settings)
        .isEqualTo(
            new LiveSettings(
                20,
                Duration.ofMillis(500),
                Duration.ofSeconds(5),
                200,
                Duration.ofMinutes(15),
                2,
                200,
                Duration.ofMillis(500)));
    assertThat(settings.remembered()).isEqualTo(2_400);
  }

  @Test
  void everyPropertyHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.live.watchers", "1",
                    "stitchd.live.poll", "2ms",
                    "stitchd.live.lookback", "3ms",
                    "stitchd.live.rows", "4",
                    "stitchd.live.longest", "5ms",
                    "stitchd.live.connections", "6",
                    "stitchd.live.rejected-waiting", "7",
                    "stitchd.live.rejected-write", "8ms")))
        .isEqualTo(
            new LiveSettings(
                1,
                Duration.ofMillis(2),
                Duration.ofMillis(3),
                4,
                Duration.ofMillis(5),
                6,
                7,
                Duration.ofMillis(8)));
  }

  @Test
  void nonsenseIsRefusedAtStart() {
    assertThatThrownBy(() -> bind(Map.of("stitchd.live.rows", "0")))
        .hasRootCauseMessage(
            "stitchd.live.rows and connections must be at least 1, watchers and rejected-waiting at least 0");
    assertThatThrownBy(() -> bind(Map.of("stitchd.live.poll", "0s")))
        .hasRootCauseMessage(
            "stitchd.live.poll, lookback, longest and rejected-write must be positive");
  }
}
