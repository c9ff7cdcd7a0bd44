/// **Conditions**: read from requests, printed, compiled to matchers, and searched for the flags
/// and segments that they name. A part of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.condition;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
