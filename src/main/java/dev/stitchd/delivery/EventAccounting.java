package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;

/// What became of events, on this node. Safe from any thread, never waits.
public interface EventAccounting {

  /// An environment's numbers. Each is exact; read while events move, they may be a moment apart.
  Standing of(EnvironmentId environment);

  /// Counts what was answered and never accepted: repeated ids of one request, and events that were
  /// rejected one by one.
  void beside(EnvironmentId environment, int duplicates, int rejected);

  /// At rest, `accepted + recovered = stored + dead + spooled + inFlight`; the others stand beside
  /// it.
  ///
  /// @param counted whether this node counts the environment: it counts the first
  ///   `stitchd.events.accounts` that it meets
  /// @param accepted taken into the queue since the start
  /// @param recovered found in the spool at the start
  /// @param stored durable in the event store
  /// @param dead refused by the event store for good
  /// @param spooled waiting on disk now
  /// @param inFlight waiting in memory now
  /// @param duplicate repeated ids within a request
  /// @param rejected refused one by one, with a code
  /// @param refused offered and not kept: the queue was full
  /// @param dropped this server's own events that were not kept
  record Standing(
      boolean counted,
      long accepted,
      long recovered,
      long stored,
      long dead,
      long spooled,
      long inFlight,
      long duplicate,
      long rejected,
      long refused,
      long dropped) {}
}
