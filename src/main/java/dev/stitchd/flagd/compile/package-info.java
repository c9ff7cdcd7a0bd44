/// **Flag sets for flagd's providers**: an environment's ruleset as the JSON that they evaluate by
/// themselves. Pure: no I/O, no clock, no Spring, no Reactor; the same ruleset always gives the
/// same text.
///
/// [FlagSets] is the door. A flag is said exactly or left out with the reason ([LeftOut]); what a
/// condition becomes stands in `ConditionLogic`, and `ValueLogic` has the forms that all engines of
/// flagd agree on. docs/flagd-sync.md has the table of where they differ.
///
/// May use: `kernel`, `ruleset`.
@NamedInterface("compile")
@CheckReturnValue
@NullMarked
package dev.stitchd.flagd.compile;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
