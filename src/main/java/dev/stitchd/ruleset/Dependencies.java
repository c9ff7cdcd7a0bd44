package dev.stitchd.ruleset;

import dev.stitchd.ruleset.condition.Reference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

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

  /// The keys of all flags whose results depend on any of these items, which may be flags
  /// themselves: the other way round.
  public static Set<String> dependents(Ruleset ruleset, Collection<ItemName> items) {
    var users = new HashMap<ItemName, List<ItemName>>();
    ruleset
        .references()
        .keySet()
        .forEach(user ->
            references(ruleset, user)
                .forEach(reference ->
                    users.computeIfAbsent(reference.target(), _ -> new ArrayList<>()).add(user)));
    var found = new HashSet<>(items);
    var open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      users.getOrDefault(open.remove(), List.of()).stream().filter(found::add).forEach(open::add);
    }
    return found.stream()
        .filter(item -> item.kind() == ItemName.Kind.FLAG)
        .map(ItemName::key)
        .collect(Collectors.toSet());
  }

  private Set<ItemName> followed() {
    while (!open.isEmpty()) {
      references(ruleset, open.remove()).forEach(reference -> add(reference.target()));
    }
    return Set.copyOf(found);
  }

  private void add(ItemName item) {
    if (found.add(item)) {
      open.add(item);
    }
  }

  private static List<Reference> references(Ruleset ruleset, ItemName item) {
    return switch (item.kind()) {
      case FLAG -> {
        var flag = ruleset.flag(item.key());
        yield flag == null || !flag.targeting().enabled() ? List.of() : flag.references();
      }
      case SEGMENT -> ruleset.references(item);
    };
  }
}
