package dev.stitchd.flagd.compile;

import java.util.Set;

/// Who is on the lists of a segment.
///
/// @param excluded wins over `included`
public record ListedKeys(Set<String> included, Set<String> excluded) {

  public ListedKeys {
    included = Set.copyOf(included);
    excluded = Set.copyOf(excluded);
  }
}
