package dev.stitchd.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.bouncycastle.util.encoders.Base32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Codes, by the vectors of RFC 6238.
class TotpTest {

  private static final byte[] SECRET = "12345678901234567890".getBytes(StandardCharsets.US_ASCII);

  /// Appendix B, SHA-1; of its eight digits the last six are the code of six.
  @ParameterizedTest
  @CsvSource({
    "59, 94287082",
    "1111111109, 07081804",
    "1111111111, 14050471",
    "1234567890, 89005924",
    "2000000000, 69279037",
    "20000000000, 65353130"
  })
  void codesAreThoseOfTheStandard(long second, String code) {
    assertThat(Totp.step(SECRET, code.substring(2), Instant.ofEpochSecond(second)))
        .hasValue(second / 30);
  }

  @ParameterizedTest
  @CsvSource({"-60, false", "-30, true", "0, true", "30, true", "60, false"})
  void oneStepAsideIsTakenAndNoMore(long aside, boolean taken) {
    var now = Instant.ofEpochSecond(1_111_111_109L + aside);
    assertThat(Totp.step(SECRET, "081804", now).isPresent()).isEqualTo(taken);
  }

  @ParameterizedTest
  @CsvSource({"''", "81804", "07081804", "'081804 '", "०८१८०४", "000000"})
  void otherTextsAreNoCode(String text) {
    assertThat(Totp.step(SECRET, text, Instant.ofEpochSecond(1_111_111_109L))).isEmpty();
  }

  @Test
  void appsReadTheSecretFromTheAddress() {
    assertThat(Totp.uri(SECRET, "ada+b c@example.org"))
        .isEqualTo(
            "otpauth://totp/Stitchd:ada%2Bb%20c@example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Stitchd");
    assertThat(Base32.decode(Totp.text(SECRET))).isEqualTo(SECRET);
  }
}
