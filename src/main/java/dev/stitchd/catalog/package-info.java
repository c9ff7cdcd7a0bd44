/// **The committed truth**: the rules of each resource, one sub-package for each kind. A write is a
/// unit of work: state, audit row, revision, published items and announcement in one transaction.
/// PostgreSQL's configuration tables are written here and nowhere else.
///
/// May use: `kernel`, `background`, `people`, `permission`, `postgres`, `revisionlog`, `resource`,
/// `ruleset`. Threads: R2DBC event loops and the timer; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "people",
      "permission",
      "postgres",
      "revisionlog",
      "resource",
      "ruleset"
    })
@NullMarked
package dev.stitchd.catalog;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
