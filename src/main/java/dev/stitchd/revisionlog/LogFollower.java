package dev.stitchd.revisionlog;

import reactor.core.publisher.Mono;

/// A part of this node that serves what the log says, from memory.
public interface LogFollower {

  /// Completes when this part serves what an announcement tells of, or something newer: at once if
  /// it holds nothing of it, otherwise after a read. That it has the number that is announced is
  /// not enough, since a history that was lost may have had it too. A read that fails ends the wait
  /// too. Never fails; cancelling it disturbs nobody else.
  ///
  /// @param committed told of by its own transaction, which has committed
  Mono<Void> caughtUp(Announcement committed);
}
