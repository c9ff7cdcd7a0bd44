/// **The command line**: what happens before the server is put together: `--help`, `--version`,
/// `prepare`, and entering what `prepare` made.
///
/// May use: nothing, no Spring either, so that entering costs little. Threads: the main thread,
/// which may block.
@ApplicationModule(allowedDependencies = {})
@CheckReturnValue
@NullMarked
package dev.stitchd.launch;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
