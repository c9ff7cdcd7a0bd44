package dev.stitchd.ruleset.rollout;

import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Lays out a rollout for new weights so that only the buckets that must change variant do: those
/// that lose width give up their last buckets, those that gain get exactly these. The earlier
/// layouts are remembered, and going back to the weights of one brings it back if that moves as
/// few.
public final class Reweighting {

  /// A layout, and the earlier ones, the most recent last, each once.
  public record Layout(List<Slot> slots, List<List<Slot>> history) {}

  private Reweighting() {}

  /// The layout of a new rollout: one slot per variant, in order.
  public static List<Slot> fresh(Map<String, Integer> weights) {
    var slots = new Slots();
    weights.forEach(slots::add);
    return slots.list();
  }

  /// The layout for new weights.
  ///
  /// @param weights the wanted widths, summing to [Slot#TOTAL]; variants in order of preference
  public static Layout reweigh(Layout current, Map<String, Integer> weights) {
    if (sameWidths(current.slots(), weights)) {
      return current;
    }
    return new Layout(slots(current, weights), remember(current));
  }

  private static List<Slot> slots(Layout current, Map<String, Integer> weights) {
    int least = leastMoved(current.slots(), weights);
    for (var earlier : current.history().reversed()) {
      if (sameWidths(earlier, weights) && moved(current.slots(), earlier) == least) {
        return earlier;
      }
    }
    return move(current.slots(), weights);
  }

  /// How many buckets have another variant in the second layout than in the first.
  public static int moved(List<Slot> from, List<Slot> to) {
    int moved = 0;
    int i = 0;
    int j = 0;
    int fromEnd = 0;
    int toEnd = 0;
    for (int at = 0; at < Slot.TOTAL; ) {
      fromEnd = at == fromEnd ? at + from.get(i++).width() : fromEnd;
      toEnd = at == toEnd ? at + to.get(j++).width() : toEnd;
      int end = Math.min(fromEnd, toEnd);
      moved += from.get(i - 1).variant().equals(to.get(j - 1).variant()) ? 0 : end - at;
      at = end;
    }
    return moved;
  }

  /// Each variant's width, in order of appearance.
  public static Map<String, Integer> widths(List<Slot> slots) {
    var widths = new LinkedHashMap<String, Integer>();
    slots.forEach(slot -> widths.merge(slot.variant(), slot.width(), Integer::sum));
    return widths;
  }

  private static boolean sameWidths(List<Slot> slots, Map<String, Integer> weights) {
    return leastMoved(slots, weights) == 0;
  }

  /// ½·Σ|new − old width|, which is what those that gain, gain.
  private static int leastMoved(List<Slot> slots, Map<String, Integer> weights) {
    var before = widths(slots);
    return weights.entrySet().stream()
        .mapToInt(w -> Math.max(0, w.getValue() - before.getOrDefault(w.getKey(), 0)))
        .sum();
  }

  private static List<Slot> move(List<Slot> before, Map<String, Integer> weights) {
    var widths = widths(before);
    var losses = new LinkedHashMap<String, Integer>();
    widths.forEach((v, width) -> losses.put(v, Math.max(0, width - weights.getOrDefault(v, 0))));
    var gains = new ArrayList<Slot>();
    weights.forEach((v, weight) -> gains.add(new Slot(v, weight - widths.getOrDefault(v, 0))));
    gains.removeIf(gain -> gain.width() <= 0);

    int[] given = given(before, losses);
    var after = new Slots();
    for (int i = 0; i < given.length; i++) {
      var slot = before.get(i);
      after.add(slot.variant(), slot.width() - given[i]);
      after.fill(given[i], gains);
    }
    return after.list();
  }

  /// How much of each slot is given up: the last slots of a variant first, the last buckets of
  /// each.
  private static int[] given(List<Slot> slots, Map<String, Integer> losses) {
    var given = new int[slots.size()];
    for (int i = given.length - 1; i >= 0; i--) {
      var slot = slots.get(i);
      int loss = losses.getOrDefault(slot.variant(), 0);
      given[i] = Math.min(loss, slot.width());
      losses.put(slot.variant(), loss - given[i]);
    }
    return given;
  }

  /// The history with the current layout added; the oldest are forgotten when all together have
  /// more slots than one layout may.
  private static List<List<Slot>> remember(Layout current) {
    var history = new ArrayList<>(current.history());
    history.remove(current.slots());
    history.add(current.slots());
    while (history.stream().mapToInt(List::size).sum() > Limits.SLOTS && history.size() > 1) {
      history.removeFirst();
    }
    return history;
  }

  /// A layout being built; adjacent slots of one variant merge.
  private static final class Slots {
    private final ArrayList<Slot> slots = new ArrayList<>();

    void add(String variant, int width) {
      if (width == 0) {
        return;
      }
      if (!slots.isEmpty() && slots.getLast().variant().equals(variant)) {
        slots.add(new Slot(variant, slots.removeLast().width() + width));
      } else {
        slots.add(new Slot(variant, width));
      }
    }

    /// Gives a stretch to those that gain, the first of them first.
    void fill(int width, ArrayList<Slot> gains) {
      int left = width;
      while (left > 0) {
        var gain = gains.removeFirst();
        int part = Math.min(left, gain.width());
        add(gain.variant(), part);
        left -= part;
        if (part < gain.width()) {
          gains.addFirst(new Slot(gain.variant(), gain.width() - part));
        }
      }
    }

    List<Slot> list() {
      return List.copyOf(slots);
    }
  }
}
