/// **Targeting as JSON**: read from requests and from what this server stored, and printed. A part
/// of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.targeting;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
