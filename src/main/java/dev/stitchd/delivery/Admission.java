package dev.stitchd.delivery;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/// What became of offered events.
public sealed interface Admission {

  /// All are durable.
  record Durable() implements Admission {}

  /// All are durable but these: the store took every other event of the offer and refused these for
  /// good, so sending them again is useless. They were logged and counted as dead.
  ///
  /// @param dead why, by event id; never empty
  record Partly(Map<UUID, String> dead) implements Admission {
    public Partly {
      dead = Map.copyOf(dead);
    }
  }

  /// None was kept: the queue is full or the node is stopping.
  record Refused(Duration retryAfter) implements Admission {}

  /// Durability was not confirmed in time: sending the same ids again is right and safe.
  record Unknown(Duration retryAfter) implements Admission {}
}
