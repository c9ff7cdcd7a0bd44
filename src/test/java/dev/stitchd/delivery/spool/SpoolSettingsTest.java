package dev.stitchd.delivery.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class SpoolSettingsTest {

  static SpoolSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.spool", SpoolSettings.class);
  }

  @Test
  void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new SpoolSettings(
                DataSize.ofGigabytes(1),
                Duration.ofSeconds(10),
                Duration.ofMinutes(15),
                DataSize.ofMegabytes(256),
                DataSize.ofMegabytes(16)));
  }

  @Test
  void everyPropertyHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.spool.size", "0B",
                    "stitchd.spool.outage", "1ms",
                    "stitchd.spool.old", "2ms",
                    "stitchd.spool.dead-size", "3B",
                    "stitchd.spool.dead-file-size", "4B")))
        .isEqualTo(
            new SpoolSettings(
                DataSize.ofBytes(0),
                Duration.ofMillis(1),
                Duration.ofMillis(2),
                DataSize.ofBytes(3),
                DataSize.ofBytes(4)));
  }

  @Test
  void nonsenseIsRefusedAtStart() {
    assertThatThrownBy(() -> bind(Map.of("stitchd.spool.size", "-1B")))
        .isInstanceOf(BindException.class)
        .hasRootCauseMessage(
            "stitchd.spool.size and dead-size must not be negative, dead-file-size at least 1B");
    assertThatThrownBy(() -> bind(Map.of("stitchd.spool.old", "0s")))
        .hasRootCauseMessage("stitchd.spool.old must be positive");
  }
}
