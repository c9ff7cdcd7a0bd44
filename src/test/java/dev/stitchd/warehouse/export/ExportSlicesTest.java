package dev.stitchd.warehouse.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.warehouse.export.ExportSlices.Hour;
import dev.stitchd.warehouse.export.ExportSlices.Slice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExportSlicesTest {

  private static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static Instant hour(long n) {
    return NOON.plus(HOUR.multipliedBy(n));
  }

  @Test
  void nothingIsOneSlice() {
    assertThat(ExportSlices.of(NOON, hour(9), List.of(), 10))
        .containsExactly(new Slice(NOON, hour(9)));
  }

  @Test
  void hoursAreTakenTogetherUntilTheyAreEnough() {
    var hours = List.of(new Hour(hour(0), 4), new Hour(hour(2), 6), new Hour(hour(3), 1));
    assertThat(ExportSlices.of(NOON.plusSeconds(5), hour(9), hours, 10))
        .containsExactly(new Slice(NOON.plusSeconds(5), hour(3)), new Slice(hour(3), hour(9)));
  }

  @Test
  void largeHourIsCut() {
    var hours = List.of(new Hour(hour(0), 1), new Hour(hour(1), 20), new Hour(hour(2), 1));
    var slices = ExportSlices.of(NOON, hour(3), hours, 10);
    assertThat(slices).hasSize(4);
    assertThat(slices.get(1).to())
        .isBetween(hour(1).plusSeconds(1_800), hour(1).plusSeconds(1_801));
  }

  /// Whatever the hours hold: the slices follow each other without a gap, from the first moment to
  /// the last.
  @Test
  void slicesCoverTheWholeTimeOnce() {
    for (long seed = 0; seed < 2_000; seed++) {
      var random = new Random(seed);
      var from = NOON.plusMillis(random.nextLong(HOUR.toMillis()));
      var to = from.plusMillis(1 + random.nextLong(HOUR.multipliedBy(6).toMillis()));
      var hours = new ArrayList<Hour>();
      for (int h = 0; hour(h).isBefore(to); h++) {
        if (random.nextBoolean()) {
          hours.add(new Hour(hour(h), 1 + random.nextInt(30)));
        }
      }
      var slices = ExportSlices.of(from, to, hours, 10);
      var at = from;
      for (var slice : slices) {
        assertThat(slice.from()).as("seed " + seed).isEqualTo(at);
        assertThat(slice.to()).as("seed " + seed).isAfter(at);
        at = slice.to();
      }
      assertThat(at).as("seed " + seed).isEqualTo(to);
    }
  }
}
