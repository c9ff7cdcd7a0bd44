package dev.stitchd.ruleset;

import dev.stitchd.ruleset.condition.Reference;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Finds everything that the results of some flags depend on, whatever the context: the flags
/// themselves, and what their prerequisites and conditions name, in any number of steps. A flag
/// that is off asks nobody.
public final class Dependencies {

  private final Ruleset ruleset;
  private final Set<ItemName> found = new HashSet<>();
  private final ArrayDeque<ItemName> open = new ArrayDeque<>();

  private Dependencies(Ruleset ruleset) {
    this.ruleset = ruleset;
  }

  /// The names of all items that these flags depend on, their own among them.
  public static Set<ItemName> of(Ruleset ruleset, Predicate<Flag> flags) {
    var dependencies = new Dependencies(ruleset);
    ruleset.flags().values().stream()
        .filter(flags)
        .forEach(flag -> dependencies.add(ItemName.flag(flag.key())));
    return dependencies.followed();
  }

  private Set<ItemName> followed() {
    while (!open.isEmpty()) {
      references(open.remove()).forEach(reference -> add(reference.target()));
    }
    return Set.copyOf(found);
  }

  private void add(ItemName item) {
    if (found.add(item)) {
      open.add(item);
    }
  }

  private List<Reference> references(ItemName item) {
    return switch (item.kind()) {
      case FLAG -> {
        var flag = ruleset.flag(item.key());
        yield flag == null || !flag.targeting().enabled() ? List.of() : flag.references();
      }
      case SEGMENT -> ruleset.references(item);
    };
  }
}
