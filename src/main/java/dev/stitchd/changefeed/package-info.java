/// **The doorbell**: "environment E is at revision N, access version K". A transaction announces;
/// every node listens on one connection of its own. A ring carries no data: whoever hears it reads
/// what it misses, so a lost ring loses nothing.
///
/// May use: `kernel`, `postgres`. Threads: rings are delivered on the listening connection's event
/// loop, or on the thread of a subscriber that asks for more; subscribers must not block.
@ApplicationModule(allowedDependencies = {"kernel", "postgres"})
@CheckReturnValue
@NullMarked
package dev.stitchd.changefeed;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
