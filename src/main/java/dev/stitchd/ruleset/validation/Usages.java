package dev.stitchd.ruleset.validation;

import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Usage;
import dev.stitchd.ruleset.condition.Reference;
import dev.stitchd.ruleset.targeting.VariantUses;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Finds who uses what.
public final class Usages {

  private static final Comparator<Usage> ORDER =
      Comparator.comparing((Usage usage) -> usage.user().kind())
          .thenComparing(usage -> usage.user().key())
          .thenComparing(Usage::path);

  private Usages() {}

  public static List<Usage> of(Ruleset ruleset, ItemName item) {
    return references(ruleset, reference -> reference.target().equals(item));
  }

  public static List<Usage> ofVariant(Ruleset ruleset, String flag, String variant) {
    var name = ItemName.flag(flag);
    var usages = new ArrayList<Usage>();
    var itself = ruleset.flag(flag);
    if (itself != null) {
      VariantUses.of(itself.targeting()).stream()
          .filter(use -> use.variant().equals(variant))
          .forEach(use -> usages.add(new Usage(name, use.path())));
    }
    usages.addAll(
        references(ruleset, r -> r.target().equals(name) && r.variants().contains(variant)));
    usages.sort(ORDER);
    return List.copyOf(usages);
  }

  private static List<Usage> references(Ruleset ruleset, Predicate<Reference> wanted) {
    var usages = new ArrayList<Usage>();
    for (Map.Entry<ItemName, List<Reference>> user : ruleset.references().entrySet()) {
      for (var reference : user.getValue()) {
        if (wanted.test(reference)) {
          usages.add(new Usage(user.getKey(), reference.path()));
        }
      }
    }
    usages.sort(ORDER);
    return List.copyOf(usages);
  }
}
