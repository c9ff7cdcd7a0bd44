package dev.stitchd.snapshot;

import java.util.List;

/// Removals that a snapshot does not remember, for clients that were away for longer than it does.
/// Immutable, shared.
///
/// @param since removals after this revision are among the entries …
/// @param until … up to this one
public record OlderRemovals(long since, long until, List<ItemHistory.Entry> entries) {

  /// Knows nothing.
  public static final OlderRemovals NONE = new OlderRemovals(0, -1, List.of());
}
