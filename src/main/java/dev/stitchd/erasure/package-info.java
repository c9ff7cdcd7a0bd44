/// **What is to be erased** from the event store: one person's events, or everything of an
/// environment that was deleted. A queue in PostgreSQL that any node carries on, until no table of
/// the store has such a row any more, and again when events come late that a node had kept on disk.
///
/// May use: `kernel`, `audit`, `background`, `postgres`, `resource`, `delivery`, `warehouse`.
/// Threads: R2DBC event loops, Netty's and the timer; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "audit",
      "background",
      "postgres",
      "resource",
      "delivery",
      "warehouse"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.erasure;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
