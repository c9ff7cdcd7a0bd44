/// **List segments**: who is on which list. A list is never replaced in place: an upload fills a
/// new generation that nobody reads, then one row flips, and what is nobody's generation any more
/// is removed in the background. A reader joins that row and the members in one statement, so that
/// it sees one whole list or another and waits for nobody.
///
/// At the top are lists as others ask for them and change them; `upload` reads uploads, `upkeep` is
/// what goes on in the background, `lookup` answers who is on which list.
///
/// May use: `kernel`, `background`, `postgres`, `boundary` (which cuts bodies into lines),
/// `resource`, `catalog`, `revisionlog` (whose announcements say that lists changed). Threads:
/// uploads are read on the scheduler `imports`; everything else runs on R2DBC event loops and the
/// timer; nothing blocks.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "postgres",
      "boundary",
      "catalog :: deletion",
      "catalog :: segment",
      "resource",
      "revisionlog"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.segment;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
