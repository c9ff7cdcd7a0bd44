package dev.stitchd.ruleset.rollout;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.condition.Path;
import dev.stitchd.ruleset.operator.Numbers;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/// A compiled [Serve].
public sealed interface Chooser {

  /// What the context gets; null if a rollout finds nothing to bucket by. A rollout that gives
  /// everybody the same needs nothing to bucket by.
  @Nullable Outcome choose(EvaluationContext context);

  static Chooser of(Serve serve, Function<String, Outcome> outcomes) {
    return switch (serve) {
      case Serve.Fixed(var variant) -> new Fixed(outcomes.apply(variant));
      case Serve.Rollout rollout -> Split.of(rollout, outcomes);
    };
  }

  /// Always the same.
  record Fixed(Outcome outcome) implements Chooser {
    @Override
    public Outcome choose(EvaluationContext context) {
      return outcome;
    }
  }

  /// By bucket; `ends[i]` is the first bucket after slot `i`.
  final class Split implements Chooser {
    private final Path bucketBy;
    private final String salt;
    private final int[] ends;
    private final Outcome[] outcomes;
    private final @Nullable Outcome only;

    private Split(Path bucketBy, String salt, int[] ends, Outcome[] outcomes) {
      this.bucketBy = bucketBy;
      this.salt = salt;
      this.ends = ends;
      this.outcomes = outcomes;
      this.only = only(ends, outcomes);
    }

    public static Split of(Serve.Rollout rollout, Function<String, Outcome> outcomes) {
      var slots = rollout.slots();
      var ends = new int[slots.size()];
      int end = 0;
      for (int i = 0; i < ends.length; i++) {
        end += slots.get(i).width();
        ends[i] = end;
      }
      return new Split(
          Path.of(rollout.bucketBy()),
          rollout.salt(),
          ends,
          slots.stream().map(s -> outcomes.apply(s.variant())).toArray(Outcome[]::new));
    }

    @Override
    public @Nullable Outcome choose(EvaluationContext context) {
      if (only != null) {
        return only;
      }
      var unit = unit(context);
      return unit == null ? null : outcomes[slot(bucket(unit))];
    }

    /// The one outcome that has all buckets; null if several share them.
    private static @Nullable Outcome only(int[] ends, Outcome[] outcomes) {
      Outcome found = null;
      int from = 0;
      for (int i = 0; i < ends.length; i++) {
        if (ends[i] > from && found != null && !found.variant().equals(outcomes[i].variant())) {
          return null;
        }
        found = ends[i] > from ? outcomes[i] : found;
        from = ends[i];
      }
      return found;
    }

    /// What is bucketed: the attribute's value as text; null if it is absent or has none.
    public @Nullable String unit(EvaluationContext context) {
      var value = bucketBy.in(context);
      return value == null ? null : unit(value);
    }

    public int bucket(String unit) {
      return Bucketing.bucket(salt, unit);
    }

    /// The index of the slot that a bucket lies in.
    public int slot(int bucket) {
      int i = 0;
      while (i < ends.length - 1 && bucket >= ends[i]) {
        i++;
      }
      return i;
    }

    private static @Nullable String unit(JsonNode value) {
      if (value instanceof StringNode text) {
        return text.stringValue().isEmpty() ? null : text.stringValue();
      }
      var number = Numbers.canonical(value);
      return number == null ? null : Numbers.text(number);
    }
  }
}
