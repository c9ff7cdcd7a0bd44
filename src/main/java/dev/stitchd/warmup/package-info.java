/// **Warm from the first request**: before the node says that it is ready, its own handlers answer
/// requests about an environment that exists in memory alone, on a port of loopback of their own,
/// so that what the first clients need is loaded, linked and compiled. Nothing of it is recorded.
///
/// Threads: the starting thread waits; a few threads of its own ask; the answers run on event loops
/// that end with it.
@ApplicationModule(
    allowedDependencies = {"kernel", "ruleset", "access", "boundary", "snapshot", "endpoint"})
@CheckReturnValue
@NullMarked
package dev.stitchd.warmup;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
