/// **The published log**: what SDKs were told, revision by revision. A transaction appends changed
/// items and announces "environment E is at revision N, access version K"; every node listens on
/// one connection of its own and reads what it misses since the revision it has. An announcement
/// carries no data, so a lost one loses nothing. One node at a time shortens the log to the named
/// history.
///
/// May use: `kernel`, `postgres`, `ruleset`, to read what was published and check what a change
/// would make of it. Threads: announcements are delivered on the listening connection's event loop,
/// or on the thread of a subscriber that asks for more; subscribers must not block. Everything else
/// runs on R2DBC event loops.
@ApplicationModule(allowedDependencies = {"kernel", "background", "postgres", "ruleset"})
@CheckReturnValue
@NullMarked
package dev.stitchd.revisionlog;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
