/// **The way to PostgreSQL**: pools of connections, one for each role that row-level security
/// knows, and who lends them; transactions of a tenant; sessions, which run statements; locks that
/// one node at a time holds; the schema and the gate before it. A connection serves as its role or
/// not at all, also through a pooler that does not pass roles on ([RoleConnections]). The SDK
/// plane's role reads no table that belongs to an environment; it asks functions, which take the
/// environments that are meant (`db/migration/postgresql/V19`).
///
/// No wait here is without end. [Lender] lends a connection that has proved itself lately
/// ([ProvenConnections]) and bounds each wait for an answer ([BoundedAnswers]); one connection that
/// is found silent ([Silence]) makes all others doubtful.
///
/// What may be a little old is read on a replica, as long as that is known to be recent enough
/// ([Replica]).
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
