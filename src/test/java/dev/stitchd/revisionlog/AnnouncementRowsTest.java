package dev.stitchd.revisionlog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnnouncementRowsTest {

  private static final String ID = "0a2b6c5e-8f3d-4f0e-9a51-5b0f1d7c2e11";

  @Test
  void understandsARevisionAndARemoval() {
    var environment = new EnvironmentId(UUID.fromString(ID));

    assertThat(AnnouncementRows.understand(ID + " 12 3"))
        .isEqualTo(new Announcement.At(environment, 12, 3));
    assertThat(AnnouncementRows.understand(ID + " -1 0"))
        .isEqualTo(new Announcement.Removed(environment));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {"", "hello", ID, ID + " 1", ID + " x 1", ID + " 1 2 3", ID + " -2 1", "x 1 1"})
  void ignoresWhatItDoesNotUnderstand(String payload) {
    assertThat(AnnouncementRows.understand(payload)).isNull();
  }
}
