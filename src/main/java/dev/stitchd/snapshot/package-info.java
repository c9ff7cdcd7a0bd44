/// **The immutable view** of an environment that readers share: loaded on first use, replaced
/// atomically at an announcement, released when idle; answers `changesSince` from memory.
///
/// May use: `kernel`, `revisionlog`, `ruleset`, `disk`. Threads: reads are lock-free from any
/// thread; loading runs on R2DBC event loops.
@ApplicationModule(allowedDependencies = {"kernel", "background", "disk", "revisionlog", "ruleset"})
@CheckReturnValue
@NullMarked
package dev.stitchd.snapshot;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
