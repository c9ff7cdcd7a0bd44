package dev.stitchd.flagd.compile;

import java.util.Set;

/// Who is on the lists of a segment.
///
/// @param excluded wins over `included`
public record ListedKeys(Set<String> included, Set<String> excluded) {

  /// What a string, its array and its places in a set take, besides its characters.
  private static final int PER_KEY = 80;

  public ListedKeys {
    included = Set.copyOf(included);
    excluded = Set.copyOf(excluded);
  }

  /// How many bytes of the heap these take at most, about.
  public long bytes() {
    return bytes(included) + bytes(excluded);
  }

  private static long bytes(Set<String> keys) {
    return keys.stream().mapToLong(key -> PER_KEY + 2L * key.length()).sum();
  }
}
