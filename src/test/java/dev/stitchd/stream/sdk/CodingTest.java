package dev.stitchd.stream.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodingTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gzip                          | GZIP
          GZIP, deflate, br             | GZIP
          gzip, deflate, br, zstd       | ZSTD
          gzip;q=1.0, zstd;q=0.5        | GZIP
          zstd;q=0, gzip                | GZIP
          br                            | IDENTITY
          identity                      | IDENTITY
          *                             | ZSTD
          *;q=0                         | IDENTITY
          gzip;q=0, *                   | ZSTD
          gzip;q=nonsense               | IDENTITY
          identity;q=1, gzip;q=0.5      | IDENTITY
          ''                            | IDENTITY
          """)
  void takesWhatTheClientLikesBest(String accepted, Coding coding) {
    assertThat(Coding.of(List.of(accepted))).isEqualTo(coding);
  }
}
