package dev.stitchd.changefeed;

import dev.stitchd.kernel.EnvironmentId;

/// What the doorbell says.
public sealed interface Ring {

  /// An environment has committed up to a revision, and its keys and settings up to an access
  /// version.
  record At(EnvironmentId environment, long revision, long accessVersion) implements Ring {}

  /// An environment no longer exists.
  record Removed(EnvironmentId environment) implements Ring {}

  /// Rings may have been missed (a new or renewed listening connection): read everything that is
  /// held.
  record Resync() implements Ring {}
}
