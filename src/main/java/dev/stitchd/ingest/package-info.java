/// **Events arrive**: who sends, what they may send, inflate, read, admit or refuse. What is wrong
/// with one event rejects that event and disturbs nothing else.
///
/// May use: `kernel`, `delivery`, `boundary`, `endpoint`; `snapshot` and `ruleset` to know which
/// flags a client key may name; `catalog` for the events that an environment defines; `postgres`
/// for the tokens of its quota; `propagation` to pass on what instances say about themselves.
/// Threads: bodies arrive on Netty's event loops; everything else runs on the scheduler `ingest`,
/// where nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "delivery",
      "boundary",
      "endpoint",
      "catalog :: event",
      "postgres",
      "snapshot",
      "ruleset",
      "catalog",
      "boundary",
      "snapshot",
      "delivery",
      "propagation",
      "endpoint"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.ingest;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
