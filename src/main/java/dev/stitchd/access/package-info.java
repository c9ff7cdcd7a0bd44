/// **Who is calling**: SDK keys and API tokens become a caller, or a refusal.
///
/// May use: `kernel`, `boundary`, `permission`, `postgres`, `revisionlog`, `disk`. Threads: known
/// keys are answered from a bounded cache on the caller's thread; unknown ones by one query on an
/// R2DBC event loop.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "boundary",
      "disk",
      "permission",
      "postgres",
      "revisionlog"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.access;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
