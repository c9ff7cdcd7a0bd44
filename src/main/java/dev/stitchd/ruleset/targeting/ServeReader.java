package dev.stitchd.ruleset.targeting;

import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.rollout.RolloutReader;
import java.util.Set;

/// Reads what a rule gives.
public final class ServeReader {

  private static final Serve NOTHING = new Serve.Fixed("");

  private final FlagShape shape;
  private final RolloutReader rollouts;

  ServeReader(FlagShape shape, RolloutReader rollouts) {
    this.shape = shape;
    this.rollouts = rollouts;
  }

  /// Reads the field `name`, which must be there.
  ///
  /// @param id the rule's, by which a rollout keeps its salt and slots
  Serve read(JsonFields parent, String name, String id) {
    if (parent.requiredValue(name) == null) {
      return NOTHING;
    }
    var fields = parent.object(name);
    var serve = read(fields, id);
    if (serve == NOTHING && fields.isObject()) {
      parent.error(name, "must have either variant or rollout");
    }
    fields.refuseOthers(Set.of("variant", "rollout"));
    return serve;
  }

  private Serve read(JsonFields fields, String id) {
    if (fields.has("variant") == fields.has("rollout")) {
      return NOTHING;
    }
    return fields.has("variant")
        ? new Serve.Fixed(variant(fields, "variant"))
        : rollouts.read(fields.object("rollout"), id);
  }

  /// A variant of this flag; an unknown one is noted.
  String variant(JsonFields fields, String name) {
    var variant = fields.requiredText(name, JsonFields.MAX_TEXT);
    if (!variant.isBlank() && !shape.variants().containsKey(variant)) {
      fields.error(name, shape.unknownVariant(variant));
    }
    return variant;
  }
}
