/// **Rollouts**: buckets, slots, weights, and how weights change while as few as possible move. A
/// part of the room `ruleset`; other rooms do not see it.
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset.rollout;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
