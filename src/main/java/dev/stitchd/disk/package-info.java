/// **What survives the process**: the node's data folder, locked for this process; folders whose
/// files are written whole or not at all; and small files of state (snapshots, known keys), so that
/// a node can serve after a restart while PostgreSQL is out. The spool keeps its batches here too,
/// in files of its own form. Files of state are hints, never the truth: whoever reads one checks it
/// against PostgreSQL as soon as that answers.
///
/// May use: `kernel`, `background`. Threads: files are written and read on schedulers of one thread
/// each ([dev.stitchd.disk.DiskThread]), and on the starting thread before the server listens.
@ApplicationModule(allowedDependencies = {"kernel", "background"})
@CheckReturnValue
@NullMarked
package dev.stitchd.disk;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
