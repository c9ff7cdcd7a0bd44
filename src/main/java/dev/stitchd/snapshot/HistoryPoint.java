package dev.stitchd.snapshot;

import java.util.UUID;

/// A revision as this node knows it. Two with the same number are the same if their identities are;
/// [#UNKNOWN] says nothing.
///
/// @param identity what the store gave the revision by chance when it was made
record HistoryPoint(UUID epoch, long revision, long identity) {

  static final long UNKNOWN = 0;

  /// Whether the store has another revision of this number, so that its history is not this one's.
  ///
  /// @param stored the identity that the store has for this revision
  boolean isContradictedBy(long stored) {
    return identity != UNKNOWN && stored != UNKNOWN && identity != stored;
  }
}
