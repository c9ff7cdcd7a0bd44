/// **OFREP**: OpenFeature's remote evaluation protocol over HTTP, one flag or all, with its own
/// bodies for answers and errors, and the event stream that says when to ask again.
///
/// May use: `kernel`, `access`, `snapshot`, `decide`, `ruleset` (what an evaluation is, and what it
/// depends on), `stream` (whose manners the event stream has), `boundary`, `endpoint`. Threads:
/// Netty event loops and the timer; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "ruleset",
      "access",
      "boundary",
      "snapshot",
      "decide",
      "stream",
      "endpoint"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.ofrep;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
