/// **The committed truth**: one transaction is state, audit row, revision, published items and
/// announcement. All of PostgreSQL's configuration tables are written here and nowhere else.
///
/// May use: `kernel`, `postgres`, `revisionlog`, `ruleset`. Threads: R2DBC event loops; nothing
/// blocks.
@ApplicationModule(allowedDependencies = {"kernel", "revisionlog", "postgres", "ruleset"})
@CheckReturnValue
@NullMarked
package dev.stitchd.catalog;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
