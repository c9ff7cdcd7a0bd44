package dev.stitchd.propagation;

import dev.stitchd.kernel.EnvironmentId;

/// Hears what was written to streams. Safe from any thread, never blocks, never fails; a writer
/// that serves many streams in one go calls it once for all that went from one place to another.
public interface Deliveries {

  /// Where a new stream comes from.
  long NOWHERE = -1;

  /// Streams of an environment have just been written what takes them from one revision to another.
  ///
  /// @param from the revision that these streams were at, [#NOWHERE] if they have just begun
  /// @param streams how many
  void sent(EnvironmentId environment, long from, long to, int streams);

  /// Streams of an environment have ended.
  ///
  /// @param at the revision that they had been sent last
  void ended(EnvironmentId environment, long at, int streams);
}
