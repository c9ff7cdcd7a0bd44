/// **Questions about lists**: SDKs that evaluate for themselves ask who is on a list, since members
/// never travel with the ruleset.
///
/// May use: `kernel`, `endpoint`, `snapshot` (which segments there are), `ruleset` (what a segment
/// is), `segment`. Threads: Netty and R2DBC event loops; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel", "ruleset", "snapshot", "segment", "endpoint"})
@CheckReturnValue
@NullMarked
package dev.stitchd.membership;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
