package dev.stitchd.ruleset.validation;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Usage;
import dev.stitchd.ruleset.condition.Reference;
import dev.stitchd.ruleset.targeting.VariantUses;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Checks that every name in a candidate ruleset has something behind it.
public final class ConsistencyCheck {

  private final Ruleset candidate;
  private final Map<ItemName, String> changed;
  private final FieldErrors errors;

  public ConsistencyCheck(Ruleset candidate, Map<ItemName, String> changed, FieldErrors errors) {
    this.candidate = candidate;
    this.changed = changed;
    this.errors = errors;
  }

  public void run() {
    changed.forEach(this::checkChanged);
    candidate.references().forEach(this::checkUser);
    new DependencyCheck(candidate, changed, errors).run();
  }

  /// What a changed item names must be there.
  private void checkChanged(ItemName name, String prefix) {
    for (var reference : candidate.references(name)) {
      var problem = problem(reference);
      if (problem != null) {
        errors.add(join(prefix, reference.path()), problem);
      }
    }
    var flag = name.kind() == ItemName.Kind.FLAG ? candidate.flag(name.key()) : null;
    if (flag != null) {
      for (var use : VariantUses.of(flag.targeting())) {
        if (!flag.shape().variants().containsKey(use.variant())) {
          errors.add(join(prefix, use.path()), flag.shape().unknownVariant(use.variant()));
        }
      }
    }
  }

  /// What others name of a changed item must still be there.
  private void checkUser(ItemName user, List<Reference> references) {
    if (changed.containsKey(user)) {
      return;
    }
    for (var reference : references) {
      var prefix = changed.get(reference.target());
      var problem = prefix == null ? null : problem(reference);
      if (prefix != null && problem != null) {
        errors.add(prefix, "is used by " + new Usage(user, reference.path()) + ": " + problem);
      }
    }
  }

  private @Nullable String problem(Reference reference) {
    var key = reference.target().key();
    return switch (reference.target().kind()) {
      case SEGMENT -> candidate.segment(key) == null ? "unknown segment '" + key + "'" : null;
      case FLAG -> flagProblem(key, reference.variants());
    };
  }

  private @Nullable String flagProblem(String key, List<String> variants) {
    var flag = candidate.flag(key);
    if (flag == null) {
      return "unknown flag '" + key + "'";
    }
    for (var variant : variants) {
      if (!flag.shape().variants().containsKey(variant)) {
        return "flag '%s': %s".formatted(key, flag.shape().unknownVariant(variant));
      }
    }
    return null;
  }

  static String join(String prefix, String path) {
    return prefix.isEmpty() ? path : prefix + "." + path;
  }
}
