/// **The OFREP door**: OpenFeature's remote evaluation protocol over HTTP, one flag or all, with
/// its own bodies for answers and errors.
///
/// May use: `kernel`, `access`, `snapshot`, `decide`, `ruleset` (what an evaluation is),
/// `boundary`. Threads: Netty event loops; nothing blocks.
@ApplicationModule(
    allowedDependencies = {"kernel", "access", "snapshot", "decide", "ruleset", "boundary"})
@CheckReturnValue
@NullMarked
package dev.stitchd.ofrep;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
