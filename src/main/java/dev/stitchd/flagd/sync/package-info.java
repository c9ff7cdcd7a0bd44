/// **`flagd.sync.v1`**: an environment's flag set, compiled once for each revision and sent whole
/// to providers that evaluate by themselves. A part of the room `flagd`; other rooms do not see it.
///
/// Threads: sets are compiled on the thread `flag-sets`, which may be busy for long; streams run on
/// their connection's event loop and the timer.
@CheckReturnValue
@NullMarked
package dev.stitchd.flagd.sync;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
