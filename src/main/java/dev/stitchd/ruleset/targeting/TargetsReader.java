package dev.stitchd.ruleset.targeting;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.condition.ContextTypes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads individual targets.
public final class TargetsReader {

  private final ServeReader serves;
  private final FieldErrors errors;
  private final Map<String, Map<String, String>> variantOf = new HashMap<>();
  private int count;

  TargetsReader(ServeReader serves, FieldErrors errors) {
    this.serves = serves;
    this.errors = errors;
  }

  List<Targeting.Target> read(JsonFields fields) {
    var targets = new ArrayList<Targeting.Target>();
    for (var node : fields.list("targets", Limits.TARGETS)) {
      targets.add(
          target(JsonFields.of(node, fields.at("targets") + "[" + targets.size() + "]", errors)));
    }
    if (count > Limits.TARGETS) {
      fields.error(
          "targets", "list " + count + " keys, at most " + Limits.TARGETS + " are allowed");
    }
    return targets;
  }

  private Targeting.Target target(JsonFields fields) {
    var contextType = ContextTypes.read(fields);
    var variant = serves.variant(fields, "variant");
    var keys = fields.texts("keys", Limits.TARGETS, Limits.CONTEXT_KEY_BYTES);
    var earlier = variantOf.computeIfAbsent(contextType, _ -> new HashMap<>());
    for (int i = 0; i < keys.size(); i++) {
      checkKey(keys.get(i), variant, earlier, fields.at("keys") + "[" + i + "]");
    }
    count += keys.size();
    fields.refuseOthers(Set.of());
    return new Targeting.Target(contextType, variant, new LinkedHashSet<>(keys));
  }

  private void checkKey(String key, String variant, Map<String, String> earlier, String path) {
    if (key.getBytes(StandardCharsets.UTF_8).length > Limits.CONTEXT_KEY_BYTES) {
      errors.add(path, "is longer than " + Limits.CONTEXT_KEY_BYTES + " bytes");
    }
    var other = earlier.putIfAbsent(key, variant);
    if (other != null && !other.equals(variant)) {
      errors.add(path, "is a target of variant '" + other + "' already");
    }
  }
}
