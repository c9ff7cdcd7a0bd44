/// **Background work**: what runs beside requests, and in which order the process starts and stops.
/// A room describes its work as a [dev.stitchd.background.BackgroundJob]; nothing else in the
/// server implements Spring's lifecycle or subscribes to a publisher. Doors ask
/// [dev.stitchd.background.Draining] whether the node is being emptied.
///
/// Threads: jobs start on the starting thread, which may block, and stop on the one that shuts the
/// process down; their work runs wherever its publishers say.
@ApplicationModule(allowedDependencies = {"kernel"})
@CheckReturnValue
@NullMarked
package dev.stitchd.background;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
