package dev.stitchd.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DelaysTest {

  @Test
  void aBucketsBoundIsNeverTooShortAndAtMostNinePercentTooLong() {
    for (long millis = 0; millis < 1_000_000; millis += 1 + millis / 50) {
      long shown = Delays.bound(Delays.bucket(millis));
      assertThat(shown).as("%d ms", millis).isGreaterThanOrEqualTo(millis);
      assertThat((double) shown).as("%d ms", millis).isLessThanOrEqualTo(millis * 1.0906 + 1);
    }
  }

  @Test
  void whatTakesForeverIsInTheLastBucket() {
    assertThat(Delays.bucket(Long.MAX_VALUE)).isEqualTo(Delays.bucket(1L << 40));
    assertThat(Delays.bucket(-5)).isZero();
  }

  @Test
  void percentilesOfManyNodesAreThoseOfAllTimesTogether() {
    var random = new Random(7);
    var merged = new Percentiles();
    var all = LongStream.builder();
    for (int node = 0; node < 5; node++) {
      var delays = new Delays();
      for (int i = 0; i < 2_000; i++) {
        long millis = (long) Math.exp(random.nextDouble() * 9);
        all.add(millis);
        delays.add(millis, 1);
      }
      delays.counts().forEach((bucket, count) -> merged.add(Delays.bound(bucket), count));
    }
    var sorted = all.build().sorted().toArray();
    var times = merged.result();
    assertThat(times.count()).isEqualTo(10_000);
    assertThat((double) times.p50()).isBetween(sorted[4_999] * 1.0, sorted[4_999] * 1.1 + 1);
    assertThat((double) times.p99()).isBetween(sorted[9_899] * 1.0, sorted[9_899] * 1.1 + 1);
  }

  @Test
  void nothingMeasuredIsNoAnswer() {
    assertThat(new Percentiles().result()).isNull();
  }
}
