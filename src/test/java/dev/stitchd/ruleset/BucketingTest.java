package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.ruleset.operator.Numbers;
import dev.stitchd.ruleset.rollout.Bucketing;
import dev.stitchd.ruleset.rollout.Murmur3;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BucketingTest {

  @ParameterizedTest
  @CsvSource({
    "headerColor, user-1, 821121955, 19118",
    "headerColor, user-2, 343663807, 8001",
    "headerColor, user-3, 3586774310, 83511",
    "headerColor, '', 3033762949, 70635",
    "checkout.7f3a, alice, 2764439442, 64364",
    "checkout.7f3a, bob, 246063336, 5729",
  })
  void publishedVectorsHold(String salt, String unit, long hash, int bucket) {
    var bytes = (salt + ":" + unit).getBytes(StandardCharsets.UTF_8);
    assertThat(Integer.toUnsignedLong(Murmur3.hash(bytes))).isEqualTo(hash);
    assertThat(Bucketing.bucket(salt, unit)).isEqualTo(bucket);
  }

  @ParameterizedTest
  @CsvSource({
    "ejOoVL, 0x00000000, 0",
    "bY9fO-, 0x00000001, 0",
    "SI7p-, 0x7fffffff, 49",
    "6LvT0, 0x80000000, 50",
    "ceQdGm, 0xffffffff, 99",
  })
  void edgesOfTheHashAreUnsigned(String input, String hash, int bucket) {
    var bytes = input.getBytes(StandardCharsets.UTF_8);
    assertThat(Integer.toUnsignedLong(Murmur3.hash(bytes))).isEqualTo(Long.decode(hash));
    assertThat(Bucketing.bucket(bytes, 100)).isEqualTo(bucket);
  }

  @Test
  void textIsHashedAsUtf8() {
    var bytes = "salt-1:ünïcødé-Ω".getBytes(StandardCharsets.UTF_8);
    assertThat(Integer.toUnsignedLong(Murmur3.hash(bytes))).isEqualTo(3111906338L);
    assertThat(Bucketing.bucket("salt-1", "ünïcødé-Ω")).isEqualTo(Bucketing.bucket(bytes, 100_000));
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "7.0, 7",
    "7e0, 7",
    "0.5, 0.5",
    "-0.0, 0",
    "12.50, 12.5",
    "1e20, 100000000000000000000",
    "9007199254740993, 9007199254740993",
    "0.000001, 0.000001",
    "0.0000001, 1e-7",
    "-0.00000012, -1.2e-7",
    "123456789012345678901234567890, 123456789012345678901234567890",
    "1e23, 100000000000000000000000",
    "9007199254740993.0, 9007199254740993",
    "0.1234567890123456789, 0.1234567890123456789",
    "0.12345678901234567890, 0.1234567890123456789",
    "1.50e-400, 1.5e-400",
  })
  void numbersAreBucketedByTheirShortestText(String json, String unit) {
    var number = Numbers.canonical(Given.json(json));
    assertThat(number).isNotNull();
    assertThat(Numbers.text(number)).isEqualTo(unit);
  }
}
