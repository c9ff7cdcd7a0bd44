/// **The gRPC server**: its ports, who may call ([CallAccess]), how failures become a status, how
/// much a caller may have open, and how calls end when the node stops. Rooms contribute a
/// [io.grpc.BindableService]; health and reflection are its own. The same ports speak Connect over
/// HTTP/1.1 to the same services ([ConnectCall]).
///
/// May use: `kernel`, `background`, `access`, `boundary`, `snapshot`, `runtime` (the certificate),
/// `endpoint` (which lets callers in whatever protocol they speak). Threads: calls run on their
/// connection's event loop, which is one of the HTTP server's; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "access",
      "boundary",
      "snapshot",
      "runtime",
      "endpoint"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.grpc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
