/// **The management API**, for people and CI: the management plane under `/api/v1`, `/metrics`, and
/// the description of all routes. Each handler reads a request, asks one room, and writes an
/// answer; nothing is decided here.
///
/// May use: the rooms whose resources and questions it serves. Threads: Netty event loops; nothing
/// blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "audit",
      "revisionlog",
      "catalog :: change",
      "catalog :: deletion",
      "catalog :: event",
      "catalog :: flag",
      "catalog :: project",
      "catalog :: revision",
      "catalog :: segment",
      "catalog :: transfer",
      "resource",
      "segment",
      "decide",
      "snapshot",
      "ruleset",
      "catalog",
      "access",
      "people",
      "permission",
      "boundary",
      "snapshot",
      "segment",
      "delivery",
      "decide",
      "warehouse",
      "erasure",
      "propagation",
      "flagd :: compile",
      "flagd :: sync"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.admin;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
