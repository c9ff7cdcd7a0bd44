package dev.stitchd.ruleset.targeting;

import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Targeting;
import java.util.ArrayList;
import java.util.List;

/// Finds where a flag's targeting names the flag's own variants.
public final class VariantUses {

  /// One such place.
  public record Use(String path, String variant) {}

  private VariantUses() {}

  public static List<Use> of(Targeting targeting) {
    var uses = new ArrayList<Use>();
    uses.add(new Use("offVariant", targeting.offVariant()));
    for (int i = 0; i < targeting.targets().size(); i++) {
      uses.add(new Use("targets[" + i + "].variant", targeting.targets().get(i).variant()));
    }
    for (int i = 0; i < targeting.rules().size(); i++) {
      add(uses, "rules[" + i + "].serve", targeting.rules().get(i).serve());
    }
    add(uses, "default", targeting.otherwise());
    return uses;
  }

  private static void add(List<Use> uses, String path, Serve serve) {
    switch (serve) {
      case Serve.Fixed(var variant) -> uses.add(new Use(path + ".variant", variant));
      case Serve.Rollout rollout ->
          rollout
              .weights()
              .keySet()
              .forEach(v -> uses.add(new Use(path + ".rollout.weights." + v, v)));
    }
  }
}
