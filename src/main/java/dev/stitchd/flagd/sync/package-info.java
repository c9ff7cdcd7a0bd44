/// **`flagd.sync.v1`**: an environment's flag set, compiled once for each revision and sent whole
/// to providers that evaluate by themselves. Other rooms see [SetMessages] alone, which says why
/// providers do not get a flag.
///
/// Threads: sets are compiled on the thread `flag-sets`, which may be busy for long; streams run on
/// their connection's event loop and the timer.
@NamedInterface("sync")
@CheckReturnValue
@NullMarked
package dev.stitchd.flagd.sync;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
