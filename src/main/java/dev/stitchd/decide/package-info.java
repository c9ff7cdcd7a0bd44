/// **A decision**: fetch the facts that an evaluation asks for, call the evaluator, and record what
/// was given without ever holding the answer back.
///
/// May use: `kernel`, `access` (whose key it is), `snapshot`, `ruleset`, `delivery`. Threads:
/// decides on the caller's thread; counts are flushed on the timer.
@ApplicationModule(allowedDependencies = {"kernel", "access", "snapshot", "ruleset", "delivery"})
@CheckReturnValue
@NullMarked
package dev.stitchd.decide;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
