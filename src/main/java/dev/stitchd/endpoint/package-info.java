/// **The one way into the SDK plane**: the table of its routes ([SdkRoute]), who may call them
/// ([EndpointAccess]), how their requests are read, answered, refused and measured ([SdkPlane]).
/// Rooms contribute an [Endpoint] for a route.
///
/// May use: `kernel`, `access`, `boundary`, `snapshot`. Threads: endpoints run on their
/// connection's event loop, where every answer begins too; nothing blocks.
@ApplicationModule(allowedDependencies = {"kernel", "access", "boundary", "snapshot"})
@CheckReturnValue
@NullMarked
package dev.stitchd.endpoint;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
