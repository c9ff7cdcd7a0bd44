package dev.stitchd.revisionlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ChangeFeedSettingsTest {

  @Test
  void hasDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new ChangeFeedSettings(
                Duration.ofMillis(100),
                Duration.ofSeconds(2),
                Duration.ofSeconds(5),
                Duration.ofSeconds(3),
                10_000));
  }

  @Test
  void hasTheseNames() {
    assertThat(
            bound(
                Map.of(
                    "stitchd.changefeed.first-retry", "1ms",
                    "stitchd.changefeed.longest-retry", "2ms",
                    "stitchd.changefeed.keep-alive", "3ms",
                    "stitchd.changefeed.answer-within", "4ms",
                    "stitchd.changefeed.mailbox", "5")))
        .isEqualTo(
            new ChangeFeedSettings(
                Duration.ofMillis(1),
                Duration.ofMillis(2),
                Duration.ofMillis(3),
                Duration.ofMillis(4),
                5));
  }

  private static ChangeFeedSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.changefeed", ChangeFeedSettings.class);
  }
}
