package dev.stitchd.delivery;

import java.util.concurrent.atomic.LongAdder;

/// One environment's numbers on this node. Safe from any thread.
final class Ledger {

  final LongAdder accepted = new LongAdder();
  final LongAdder recovered = new LongAdder();
  final LongAdder stored = new LongAdder();
  final LongAdder dead = new LongAdder();
  final LongAdder spooled = new LongAdder();
  final LongAdder inFlight = new LongAdder();
  final LongAdder duplicate = new LongAdder();
  final LongAdder rejected = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder dropped = new LongAdder();

  EventAccount.Standing standing(boolean counted) {
    return new EventAccount.Standing(
        counted,
        accepted.sum(),
        recovered.sum(),
        stored.sum(),
        dead.sum(),
        spooled.sum(),
        inFlight.sum(),
        duplicate.sum(),
        rejected.sum(),
        refused.sum(),
        dropped.sum());
  }
}
