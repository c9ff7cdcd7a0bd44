/// **What must hold between items** before they may be published: names, cycles, chains, uses. A
/// part of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.validation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
