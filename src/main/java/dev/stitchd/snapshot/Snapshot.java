package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Ruleset;

/// One environment at one revision. Immutable.
///
/// @param cursor the wire's name for this state
/// @param accessVersion rises with each change of keys and settings
/// @param settings of the environment as a whole
/// @param ruleset everything needed to evaluate
/// @param history everything needed to tell SDKs, and what changed when
/// @param derived what others make of it
public record Snapshot(
    EnvironmentId environment,
    TenantId tenant,
    String environmentKey,
    Cursor cursor,
    long accessVersion,
    EnvironmentSettings settings,
    Ruleset ruleset,
    ItemHistory history,
    DerivedValues derived) {

  /// Of the cursor.
  public String tag() {
    return cursor.tag();
  }

  /// Of the cursor.
  public long revision() {
    return cursor.revision();
  }

  /// Whether this remembers what has changed since a place, or need not since it is of another
  /// history.
  public boolean remembers(Cursor place) {
    return !cursor.isOfHistory(place) || place.revision() >= history.reachesBackTo();
  }

  /// Whether a place in the same history is newer than this.
  public boolean isBefore(Cursor place) {
    return cursor.isOfHistory(place) && cursor.revision() < place.revision();
  }
}
