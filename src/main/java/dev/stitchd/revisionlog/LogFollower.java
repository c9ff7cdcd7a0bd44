package dev.stitchd.revisionlog;

import reactor.core.publisher.Mono;

/// A part of this node that serves what the log says, from memory.
public interface LogFollower {

  /// Completes when this part serves what an announcement tells of, or something newer: at once if
  /// it does already or holds nothing of it, otherwise after one read. A read that fails ends the
  /// wait too. Never fails; cancelling it disturbs nobody else.
  ///
  /// @param committed told of by its own transaction, which has committed
  Mono<Void> caughtUp(Announcement committed);
}
