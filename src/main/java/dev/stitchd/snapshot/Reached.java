package dev.stitchd.snapshot;

/// What a node has when somebody names a place in an environment's history that may be ahead of it.
///
/// @param snapshot the newest that the node has
/// @param place what is known of the place
public record Reached(Snapshot snapshot, Place place) {

  /// What is known of a place.
  public enum Place {

    /// The snapshot is of that revision or a newer one, or of another history.
    HELD,

    /// It is newer than the snapshot, and the store could not say in time whether it exists, or was
    /// a standby that may not have it yet.
    UNCONFIRMED,

    /// The primary has answered and does not know it: it was lost, or invented.
    NONEXISTENT
  }

  static Reached of(Snapshot snapshot, Cursor told, Place otherwise) {
    return new Reached(snapshot, snapshot.isBefore(told) ? otherwise : Place.HELD);
  }
}
