package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class OfrepSettingsTest {

  private static OfrepSettings bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("stitchd.ofrep", OfrepSettings.class);
  }

  /// The defaults with another width of each kind.
  static OfrepSettings with(Duration spread, int refetches, Duration recent) {
    return new OfrepSettings(
        DataSize.ofKilobytes(256),
        DataSize.ofKilobytes(64),
        null,
        Duration.ofSeconds(120),
        spread,
        refetches,
        recent,
        1_000,
        Duration.ofMinutes(15),
        Duration.ofDays(7));
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(with(Duration.ofSeconds(2), 2_500, Duration.ofSeconds(30)));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.ofrep.max-body", "1MB",
                    "stitchd.ofrep.max-context", "2KB",
                    "stitchd.ofrep.path-prefix", "/flags",
                    "stitchd.ofrep.inactivity", "3s",
                    "stitchd.ofrep.spread", "4s",
                    "stitchd.ofrep.refetches", "5",
                    "stitchd.ofrep.recent", "6s",
                    "stitchd.ofrep.watched", "7",
                    "stitchd.ofrep.watched-idle", "8s",
                    "stitchd.ofrep.stream-age", "30h")))
        .isEqualTo(
            new OfrepSettings(
                DataSize.ofMegabytes(1),
                DataSize.ofKilobytes(2),
                "/flags",
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                5,
                Duration.ofSeconds(6),
                7,
                Duration.ofSeconds(8),
                Duration.ofHours(30)));
  }

  @Test
  void clientsAreSpreadAsFarApartAsTheirNumberNeedsAndNoFarther() {
    var settings = bind(Map.of());
    assertThat(settings.spreadOver(1)).isLessThan(Duration.ofMillis(1));
    assertThat(settings.spreadOver(2_500)).isEqualTo(Duration.ofSeconds(1));
    assertThat(settings.spreadOver(19_000)).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void prefixThatIsNoPathStopsTheStart() {
    assertThat(bind(Map.of()).acceptedPathPrefix()).isEmpty();
    assertThat(bind(Map.of("stitchd.ofrep.path-prefix", "/a/b-1")).acceptedPathPrefix())
        .isEqualTo("/a/b-1");
    for (var wrong : List.of("flags", "/flags/", "/", "/a?b", "https://x")) {
      assertThatThrownBy(bind(Map.of("stitchd.ofrep.path-prefix", wrong))::acceptedPathPrefix)
          .isInstanceOf(StartFailure.class)
          .hasMessageContaining(wrong);
    }
  }
}
