/// **Who did what**: one row for each write, in the write's own transaction, with what changed
/// field by field and in words; and the reader of those rows.
///
/// May use: `kernel`, `permission`, `postgres`. Threads: R2DBC event loops; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel", "permission", "postgres"})
@CheckReturnValue
@NullMarked
package dev.stitchd.audit;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
