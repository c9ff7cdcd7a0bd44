/// **Wire manners** that both planes share: problem+json, versions and ETags, paging, bodies that
/// are bounded, unpacked and cut into lines.
///
/// May use: `kernel`. Threads: Netty event loops; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel"})
@CheckReturnValue
@NullMarked
package dev.stitchd.boundary;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
