package dev.stitchd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class UuidV7Test {

  private static final RandomGenerator CHANCE = RandomGenerator.of("SplittableRandom");

  @Test
  void idCarriesItsTimeVersionAndVariant() {
    var time = Instant.parse("2026-08-01T12:00:00.123Z");
    var seen = new HashSet<UUID>();
    for (int i = 0; i < 10_000; i++) {
      var id = UuidV7.at(time, CHANCE);
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(time.toEpochMilli());
      assertThat(seen.add(id)).isTrue();
    }
  }
}
