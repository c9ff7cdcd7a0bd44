package dev.stitchd.runtime;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/// Everything that may block on a thread that must not, each with its reason. Found by BlockHound
/// through `META-INF/services`; all other blocking calls on event loops and timers fail the test
/// that makes them.
public final class BlockHoundAllowances implements BlockHoundIntegration {

  @Override
  public void applyTo(BlockHound.Builder builder) {
    // Netty's own allocator: when a thread finds a magazine contended, it adds one under a lock
    // that is held for a few instructions.
    builder.allowBlockingCallsInside(
        "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines");
    // The queue of the threads that wait for the ClickHouse driver, as Reactor allows those of its
    // own pools: an offer never waits for room, and its locks are held for a few instructions.
    // Refused in the middle, it would leave a question in the queue that no thread is told of.
    builder.allowBlockingCallsInside("java.util.concurrent.LinkedBlockingQueue", "offer");
    // A timer that is not needed any more leaves the queue of Reactor's timer threads, whose lock
    // is held for a few instructions; what puts one there is allowed by Reactor itself. Refused in
    // the middle, an answer would not be given at all.
    builder.allowBlockingCallsInside(
        "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove");
  }
}
