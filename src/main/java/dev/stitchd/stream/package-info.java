/// **Fan-out and polling**: SDKs hear of every change over Server-Sent Events, or ask for it with
/// ETags. A frame is encoded once for each revision and shared; a connection keeps a cursor, not a
/// queue, so that a slow client skips to the newest state and never slows another one down.
///
/// Streams that the gRPC server writes have their limits and their end from here too.
///
/// At the top are the streams, whatever they carry and over whatever connection; `sdk` is what SDKs
/// are told.
///
/// May use: `kernel`, `background`, `snapshot`, `access`, `endpoint`, `propagation`. Threads:
/// frames are encoded and written on Netty event loops; a poll that waited is answered on the
/// thread that ended its wait; bodies are compressed on the scheduler named `compress`.
@ApplicationModule(
    allowedDependencies = {"kernel", "background", "access", "snapshot", "propagation", "endpoint"})
@CheckReturnValue
@NullMarked
package dev.stitchd.stream;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
