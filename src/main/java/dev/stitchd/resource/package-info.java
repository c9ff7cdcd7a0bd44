/// **What every resource has in common**: key, name and version, its author, an edit made against a
/// version; and the *unit of work*, one transaction in which resources are locked, written, audited
/// and published together. Rooms with resources of their own write their rules on it.
///
/// May use: `kernel`, `audit`, `permission`, `postgres`, `revisionlog`. Threads: R2DBC event loops;
/// nothing blocks.
@ApplicationModule(
    allowedDependencies = {"kernel", "audit", "permission", "postgres", "revisionlog"})
@CheckReturnValue
@NullMarked
package dev.stitchd.resource;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
