package dev.stitchd.ruleset.rollout;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.condition.Attributes;
import dev.stitchd.ruleset.condition.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads rollouts, and lays them out from the layouts in force so that as few as possible move.
public final class RolloutReader {

  private static final Set<String> READ_ONLY = Set.of("salt", "slots", "history");
  private static final String TARGETING_KEY = "targetingKey";

  private final FlagShape shape;
  private final Map<String, Serve.Rollout> current;
  private final Supplier<String> newSalt;
  private final FieldErrors errors;
  private final FieldErrors tooManySlots = new FieldErrors();
  private final Map<String, Integer> moved = new HashMap<>();
  private final Set<String> reshuffled = new HashSet<>();
  private boolean brought;

  public RolloutReader(
      FlagShape shape, @Nullable Targeting current, Supplier<String> newSalt, FieldErrors errors) {
    this.shape = shape;
    this.current = current == null ? Map.of() : current.rollouts();
    this.newSalt = newSalt;
    this.errors = errors;
  }

  /// Takes salts and slots from what is read, where it has them, rather than from what is in force.
  public void takeLayouts() {
    brought = true;
  }

  /// @param id of the rule: the same id keeps salt and slots
  public Serve read(JsonFields fields, String id) {
    var bucketBy = fields.has("bucketBy") ? Attributes.read(fields, "bucketBy") : TARGETING_KEY;
    if (bucketBy.equals(Path.NOW)) {
      fields.error("bucketBy", "must be an attribute of the context: nobody keeps a time");
    }
    boolean reshuffle = fields.bool("reshuffle", false);
    boolean compact = fields.bool("compact", false);
    var weights = WeightsReader.read(fields, shape);
    fields.refuseOthers(READ_ONLY);
    if (weights == null) {
      return new Serve.Fixed("");
    }
    var before = brought ? LayoutReader.read(fields, current.get(id)) : current.get(id);
    if (before == null || reshuffle) {
      return anew(id, bucketBy, weights, before != null);
    }
    var after = layout(fields, before, weights, compact);
    if (!after.slots().equals(before.slots())) {
      moved.put(id, Reweighting.moved(before.slots(), after.slots()));
    }
    return new Serve.Rollout(bucketBy, weights, before.salt(), after.slots(), after.history());
  }

  /// What was read, with what became of the rollouts.
  ///
  /// @throws Problem.Invalid if nothing is wrong but a rollout's number of slots
  public Targeting.Read finish(Targeting targeting) {
    if (!tooManySlots.isEmpty() && errors.isEmpty()) {
      throw new Problem.Invalid(
          "too-many-slots",
          "a rollout would need more than " + Limits.SLOTS + " slots; see errors",
          tooManySlots.list());
    }
    tooManySlots.list().forEach(error -> errors.add(error.path(), error.message()));
    return new Targeting.Read(targeting, moved, reshuffled);
  }

  private Serve anew(String id, String bucketBy, Map<String, Integer> weights, boolean existed) {
    if (existed) {
      reshuffled.add(id);
    }
    return new Serve.Rollout(
        bucketBy, weights, newSalt.get(), Reweighting.fresh(weights), List.of());
  }

  private Reweighting.Layout layout(
      JsonFields fields, Serve.Rollout before, Map<String, Integer> weights, boolean compact) {
    var fresh = Reweighting.fresh(weights);
    if (compact) {
      return new Reweighting.Layout(fresh, List.of());
    }
    var after =
        Reweighting.reweigh(new Reweighting.Layout(before.slots(), before.history()), weights);
    if (after.slots().size() > Limits.SLOTS) {
      tooManySlots.add(
          fields.at("weights"),
          "would need %d slots, at most %d are allowed; with \"compact\": true it gets %d, and %d of %d buckets move instead of %d"
              .formatted(
                  after.slots().size(),
                  Limits.SLOTS,
                  fresh.size(),
                  Reweighting.moved(before.slots(), fresh),
                  Slot.TOTAL,
                  Reweighting.moved(before.slots(), after.slots())));
    }
    return after;
  }
}
