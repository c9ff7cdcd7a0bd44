package dev.stitchd.segment.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class MembershipSettingsTest {

  private static MembershipSettings bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("stitchd.membership", MembershipSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(new MembershipSettings(Duration.ofMillis(500), 500, 100_000, 2, 64));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(
            bind(
                Map.of(
                    "stitchd.membership.answer-within", "PT1S",
                    "stitchd.membership.queries", "2",
                    "stitchd.membership.listings", "3",
                    "stitchd.membership.statements", "4",
                    "stitchd.membership.together", "5")))
        .isEqualTo(new MembershipSettings(Duration.ofSeconds(1), 2, 3, 4, 5));
  }

  @Test
  void nothingIsNoSetting() {
    assertThatThrownBy(() -> bind(Map.of("stitchd.membership.queries", "0")))
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
  }
}
