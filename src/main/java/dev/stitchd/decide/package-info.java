/// **A decision**: fetch the facts that an evaluation asks for, call the evaluator, and record what
/// was given without ever holding the answer back.
///
/// May use: `kernel`, `access` (whose key it is), `snapshot`, `segment` (who is on which list),
/// `ruleset`, `delivery`. Threads: decides on the caller's thread, or, if lists had to be asked, on
/// an R2DBC event loop; counts are flushed on the timer.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "ruleset",
      "access",
      "snapshot",
      "segment",
      "delivery"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.decide;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
