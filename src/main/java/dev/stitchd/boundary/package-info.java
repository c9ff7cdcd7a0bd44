/// **Wire manners** that both planes share: problem+json, versions and ETags, paging, bounded
/// bodies.
///
/// May use: `kernel`. Threads: Netty event loops; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel"})
@CheckReturnValue
@NullMarked
package dev.stitchd.boundary;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
