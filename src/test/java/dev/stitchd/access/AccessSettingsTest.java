package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class AccessSettingsTest {

  static AccessSettings defaults() {
    return new Binder(new MapConfigurationPropertySource(Map.of()))
        .bindOrCreate("stitchd.access", AccessSettings.class);
  }

  private static Binder environment(Map<String, Object> variables) {
    var environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            "systemEnvironment",
            new SystemEnvironmentPropertySource("systemEnvironment", variables));
    ConfigurationPropertySources.attach(environment);
    return Binder.get(environment);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(defaults())
        .isEqualTo(
            new AccessSettings(
                50_000,
                10_000,
                Duration.ofSeconds(10),
                64,
                Duration.ofSeconds(3),
                Duration.ZERO,
                Duration.ofSeconds(2),
                4,
                256,
                600,
                1_000,
                Duration.ofSeconds(1),
                Duration.ofMinutes(1)));
    assertThat(environment(Map.of()).bindOrCreate("stitchd", InstallationSettings.class))
        .isEqualTo(
            new InstallationSettings(
                new InstallationSettings.Bootstrap(null), new InstallationSettings.Admin(null)));
  }

  @Test
  void everySettingHasItsEnvironmentVariable() {
    var binder =
        environment(
            Map.ofEntries(
                Map.entry("STITCHD_ACCESS_KNOWN_KEYS", "1"),
                Map.entry("STITCHD_ACCESS_WRONG_KEYS", "2"),
                Map.entry("STITCHD_ACCESS_WRONG_KEY_TTL", "PT3S"),
                Map.entry("STITCHD_ACCESS_LOOKUPS", "4"),
                Map.entry("STITCHD_ACCESS_LOOKUP_TIMEOUT", "PT5S"),
                Map.entry("STITCHD_ACCESS_UNCONFIRMED", "PT9S"),
                Map.entry("STITCHD_ACCESS_RETRY_AFTER", "PT6S"),
                Map.entry("STITCHD_ACCESS_TOKEN_LOOKUPS", "10"),
                Map.entry("STITCHD_ACCESS_TOKEN_WAITS", "11"),
                Map.entry("STITCHD_ACCESS_WRONG_TOKENS", "12"),
                Map.entry("STITCHD_ACCESS_TOKENS", "7"),
                Map.entry("STITCHD_ACCESS_TOKEN_TTL", "PT8S"),
                Map.entry("STITCHD_ACCESS_USES_NOTED", "PT13S"),
                Map.entry("STITCHD_BOOTSTRAP_TOKEN", "0123456789abcdef0123456789abcdef")));
    assertThat(binder.bindOrCreate("stitchd.access", AccessSettings.class))
        .isEqualTo(
            new AccessSettings(
                1,
                2,
                Duration.ofSeconds(3),
                4,
                Duration.ofSeconds(5),
                Duration.ofSeconds(9),
                Duration.ofSeconds(6),
                10,
                11,
                12,
                7,
                Duration.ofSeconds(8),
                Duration.ofSeconds(13)));
    var installation = binder.bindOrCreate("stitchd", InstallationSettings.class);
    assertThat(installation.bootstrap().accepted()).isEqualTo("0123456789abcdef0123456789abcdef");
  }

  @Test
  void shortBootstrapTokenIsRefusedWithoutRepeatingIt() {
    assertThatThrownBy(() -> new InstallationSettings.Bootstrap("too-short-to-be-safe").accepted())
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("STITCHD_BOOTSTRAP_TOKEN has 20 characters and needs at least 32")
        .hasMessageNotContaining("too-short-to-be-safe");
  }

  @Test
  void aTokenFromAFileLosesItsLineBreakAndAnEndlessOneIsRefused() {
    var token = "0123456789abcdef0123456789abcdef";
    assertThat(new InstallationSettings.Bootstrap(token + "\n").accepted()).isEqualTo(token);
    assertThatThrownBy(() -> new InstallationSettings.Bootstrap("x".repeat(257)).accepted())
        .isInstanceOf(StartFailure.class);
  }

  @Test
  void settingsNeverShowTheToken() {
    var token = "0123456789abcdef0123456789abcdef";
    var settings =
        new InstallationSettings(
            new InstallationSettings.Bootstrap(token), new InstallationSettings.Admin(null));
    assertThat(settings.toString()).doesNotContain(token);
  }

  @Test
  void blankBootstrapTokenCountsAsNone() {
    assertThat(new InstallationSettings.Bootstrap(" ").accepted()).isNull();
  }
}
