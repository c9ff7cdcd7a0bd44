/// **Explaining**: the steps of a decision with what each saw, as JSON that a person can read. A
/// part of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.trace;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
