package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.ruleset.rollout.Reweighting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReweightingTest {

  private static final int SEED = 20_240_601;
  private static final int RUNS = 300;

  @Test
  void fiftyFiftyToSixtyFortyAndBack() {
    var start = fresh(weights(50_000, 50_000));
    var there = Reweighting.reweigh(start, weights(60_000, 40_000));
    assertThat(there.slots())
        .containsExactly(new Slot("a", 50_000), new Slot("b", 40_000), new Slot("a", 10_000));
    assertThat(Reweighting.reweigh(there, weights(50_000, 50_000)).slots())
        .isEqualTo(start.slots());
  }

  @Test
  void loserInFrontGetsItsBucketsBack() {
    var start = fresh(weights(50_000, 50_000));
    var there = Reweighting.reweigh(start, weights(40_000, 60_000));
    assertThat(there.slots()).containsExactly(new Slot("a", 40_000), new Slot("b", 60_000));
    assertThat(Reweighting.reweigh(there, weights(50_000, 50_000)).slots())
        .isEqualTo(start.slots());
  }

  @Test
  void stepsUpAndDownBringEverybodyBack() {
    var start = fresh(weights(10_000, 90_000));
    var steps = new ArrayList<>(List.of(start));
    for (int on = 20_000; on <= 100_000; on += 10_000) {
      steps.add(Reweighting.reweigh(steps.getLast(), weights(on, 100_000 - on)));
    }
    var layout = steps.getLast();
    for (int i = steps.size() - 2; i >= 0; i--) {
      layout = Reweighting.reweigh(layout, Reweighting.widths(steps.get(i).slots()));
      assertThat(layout.slots()).as("step %d", i).isEqualTo(steps.get(i).slots());
    }
  }

  @Test
  void exactlyThoseWhoMustMoveMove() {
    for (int run = 0; run < RUNS; run++) {
      var random = new Random(SEED + run);
      var layout = fresh(random(random));
      for (int step = 0; step < 8; step++) {
        var weights = random(random);
        var next = Reweighting.reweigh(layout, weights);
        var what = "seed %d, step %d: %s to %s".formatted(SEED + run, step, layout, weights);
        assertThat(positive(Reweighting.widths(next.slots())))
            .as(what)
            .isEqualTo(positive(weights));
        assertThat(movedBucketByBucket(layout.slots(), next.slots()))
            .as(what)
            .isEqualTo(halfOfDifferences(layout.slots(), weights))
            .isEqualTo(Reweighting.moved(layout.slots(), next.slots()));
        assertThat(hasNeighboursOfOneVariant(next.slots())).as(what).isFalse();
        layout = next;
      }
    }
  }

  @Test
  void thereAndBackRestoresTheLayoutFromAnywhere() {
    for (int run = 0; run < RUNS; run++) {
      var random = new Random(SEED + run);
      var layout = fresh(random(random));
      for (int step = 0; step < 6; step++) {
        var weights = random(random);
        var there = Reweighting.reweigh(layout, weights);
        var back = Reweighting.reweigh(there, Reweighting.widths(layout.slots()));
        assertThat(back.slots())
            .as("seed %d, step %d: %s to %s", SEED + run, step, layout, weights)
            .isEqualTo(layout.slots());
        layout = there;
      }
    }
  }

  @Test
  void historyHoldsNoMoreSlotsThanALayoutMay() {
    var random = new Random(SEED);
    var layout = fresh(random(random));
    for (int step = 0; step < 200; step++) {
      layout = Reweighting.reweigh(layout, random(random));
      int remembered = layout.history().stream().mapToInt(List::size).sum();
      assertThat(remembered <= Limits.SLOTS || layout.history().size() == 1).isTrue();
    }
  }

  private static Reweighting.Layout fresh(Map<String, Integer> weights) {
    return new Reweighting.Layout(Reweighting.fresh(weights), List.of());
  }

  private static Map<String, Integer> weights(int... widths) {
    var weights = new LinkedHashMap<String, Integer>();
    IntStream.range(0, widths.length)
        .forEach(i -> weights.put(String.valueOf((char) ('a' + i)), widths[i]));
    return weights;
  }

  /// Up to six variants, some of no weight, some round, some not.
  private static Map<String, Integer> random(Random random) {
    int count = 1 + random.nextInt(6);
    var widths = new int[count];
    int unit = random.nextBoolean() ? 10_000 : 1;
    for (int left = Slot.TOTAL / unit; left > 0; ) {
      int part = 1 + random.nextInt(left);
      widths[random.nextInt(count)] += part * unit;
      left -= part;
    }
    return weights(widths);
  }

  private static Map<String, Integer> positive(Map<String, Integer> widths) {
    var positive = new LinkedHashMap<>(widths);
    positive.values().removeIf(width -> width == 0);
    return positive;
  }

  private static int halfOfDifferences(List<Slot> slots, Map<String, Integer> weights) {
    var before = Reweighting.widths(slots);
    int sum = 0;
    for (var variant : List.of("a", "b", "c", "d", "e", "f")) {
      sum += Math.abs(weights.getOrDefault(variant, 0) - before.getOrDefault(variant, 0));
    }
    return sum / 2;
  }

  private static int movedBucketByBucket(List<Slot> from, List<Slot> to) {
    var before = buckets(from);
    var after = buckets(to);
    return (int) IntStream.range(0, Slot.TOTAL).filter(i -> !before[i].equals(after[i])).count();
  }

  private static String[] buckets(List<Slot> slots) {
    return slots.stream()
        .flatMap(slot -> Collections.nCopies(slot.width(), slot.variant()).stream())
        .toArray(String[]::new);
  }

  private static boolean hasNeighboursOfOneVariant(List<Slot> slots) {
    return IntStream.range(1, slots.size())
        .anyMatch(i -> slots.get(i).variant().equals(slots.get(i - 1).variant()));
  }
}
