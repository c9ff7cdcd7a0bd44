package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;

/// What is told of an environment: how far it has come, never what changed.
public sealed interface Announcement {

  /// An environment has committed up to a revision, and its keys and settings up to an access
  /// version.
  record At(EnvironmentId environment, long revision, long accessVersion) implements Announcement {}

  /// An environment no longer exists.
  record Removed(EnvironmentId environment) implements Announcement {}

  /// Announcements may have been missed (a new or renewed listening connection): read everything
  /// that is held.
  record Resync() implements Announcement {}
}
