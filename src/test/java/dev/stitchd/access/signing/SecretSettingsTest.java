package dev.stitchd.access.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import org.junit.jupiter.api.Test;

class SecretSettingsTest {

  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  @Test
  void shortSecretStopsTheStartAndIsNeverShown() {
    var settings = new SecretSettings("short");
    assertThatThrownBy(settings::accepted)
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("STITCHD_SECRET has 5 characters")
        .hasMessageNotContaining("short:");
    assertThat(settings.toString()).doesNotContain("short");
    assertThat(new SecretSettings(" " + SECRET + "\n").accepted()).isEqualTo(SECRET);
    assertThat(new SecretSettings("  ").accepted()).isNull();
  }
}
