/// **What a node still knows after a restart**: small files under `STITCHD_DATA_DIR/snapshots`, so
/// that it can serve while PostgreSQL is out. Written atomically, checked when read, bounded in
/// number and size, readable by their owner alone. Files are hints, never the truth: whoever reads
/// one checks it against PostgreSQL as soon as that answers.
///
/// May use: `kernel`. Threads: files are written and read on the scheduler named `kept`, and on the
/// starting thread before the server listens.
@ApplicationModule(allowedDependencies = {"kernel", "background"})
@CheckReturnValue
@NullMarked
package dev.stitchd.kept;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
