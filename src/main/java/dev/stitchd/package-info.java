/// Stitchd: feature flags and experiments, streamed. Each package below this one is a room with a
/// door plate of its own; this one holds only the application class.
@CheckReturnValue
@NullMarked
package dev.stitchd;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
