/// **The short way in**: requests of the SDK plane that can be served from what is in memory are
/// looked at before the filters, whose machinery would cost more than their answers.
///
/// May use: `kernel`, `access`, `boundary`, `propagation` (a header's name), `snapshot`. Threads:
/// Netty event loops; nothing blocks.
@ApplicationModule(
    allowedDependencies = {"kernel", "access", "boundary", "propagation", "snapshot"})
@CheckReturnValue
@NullMarked
package dev.stitchd.door;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
