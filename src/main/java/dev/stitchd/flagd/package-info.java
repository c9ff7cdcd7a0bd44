/// **flagd's protocols**: what the providers of the flagd project speak over gRPC. `evaluation` is
/// answered by this server's evaluator, `sync` with whole flag sets in flagd's own form. Messages
/// and stubs are generated from `src/main/protobuf`.
///
/// May use: `kernel`, `grpc` (the server and its callers), `stream` (whose limits streams count
/// with), `endpoint`, `access`, `snapshot`, `decide`, `ruleset`, `segment` (members of short
/// lists). Threads: Netty event loops and the timer; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "ruleset",
      "access",
      "boundary",
      "background",
      "snapshot",
      "decide",
      "segment",
      "endpoint",
      "stream",
      "grpc"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.flagd;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
