/// **Who has what**: how many streams were *sent* a revision, as this node knows from its own
/// sockets, and how many SDK instances *applied* it, as they say themselves; counted in memory,
/// shared by all nodes through PostgreSQL once a second, and merged when somebody asks.
///
/// May use: `kernel`, `background`, `postgres`, `endpoint`, `boundary`, `snapshot`. Threads:
/// counting is a few operations on the caller's thread; summaries are written by the timer on R2DBC
/// event loops. Nothing here is needed to serve: when PostgreSQL is out, counting goes on and is
/// shared later.
@ApplicationModule(
    allowedDependencies = {"kernel", "background", "postgres", "boundary", "snapshot", "endpoint"})
@CheckReturnValue
@NullMarked
package dev.stitchd.propagation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
