/// **List segments**: who is on which list, asked of PostgreSQL as one statement that joins the row
/// that says which generation is the list, so that a reader sees one whole list or another and
/// waits for nobody.
///
/// May use: `kernel`, `catalog`. Threads: R2DBC event loops; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel", "catalog"})
@CheckReturnValue
@NullMarked
package dev.stitchd.segment;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
