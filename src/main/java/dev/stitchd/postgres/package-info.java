/// **The way to PostgreSQL**: pools of leased connections, one for each role that row-level
/// security knows; transactions of a tenant; sessions, which run statements; locks that one node at
/// a time holds; the schema and the gate before it.
///
/// May use: `kernel`, and `disk`, to know whether a node may start without PostgreSQL. Rooms with
/// tables use this one and keep their statements in classes named `…Rows`. Threads: R2DBC event
/// loops named `postgres`; Flyway blocks the starting thread, or the thread `migration`.
@ApplicationModule(allowedDependencies = {"kernel", "background", "disk"})
@CheckReturnValue
@NullMarked
package dev.stitchd.postgres;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
