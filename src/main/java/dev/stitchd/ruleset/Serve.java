package dev.stitchd.ruleset;

import dev.stitchd.ruleset.rollout.Reweighting;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a rule or the default gives.
public sealed interface Serve {

  /// Always the same variant.
  record Fixed(String variant) implements Serve {}

  /// By bucket.
  ///
  /// @param bucketBy the attribute path whose value is bucketed, usually `targetingKey`
  /// @param weights what the editor asked for, per variant in buckets of [Slot#TOTAL]
  /// @param slots the layout; widths sum to [Slot#TOTAL]
  /// @param history earlier layouts, the newest last, so that going back to their weights brings
  ///   everybody back; not published
  record Rollout(
      String bucketBy,
      Map<String, Integer> weights,
      String salt,
      List<Slot> slots,
      List<List<Slot>> history)
      implements Serve {

    public Rollout {
      weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
      slots = List.copyOf(slots);
      history = history.stream().map(List::copyOf).toList();
    }

    /// The rollout as SDKs get it: the weights are what the slots say, and nothing is remembered.
    Rollout published() {
      return new Rollout(bucketBy, Reweighting.widths(slots), salt, slots, List.of());
    }

    Rollout withoutHistory() {
      return new Rollout(bucketBy, weights, salt, slots, List.of());
    }
  }
}
