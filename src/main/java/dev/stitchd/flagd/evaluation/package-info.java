/// What flags give, answered by this server's evaluator: `flagd.evaluation.v1` and `v2`.
@CheckReturnValue
@NullMarked
package dev.stitchd.flagd.evaluation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
