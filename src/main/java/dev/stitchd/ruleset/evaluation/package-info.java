/// **Deciding**: the compiled flag, one evaluation in progress, and which lists it may ask for. A
/// part of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.evaluation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
