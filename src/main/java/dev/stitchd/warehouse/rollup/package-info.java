/// Counts of closed hours, and what is answered from them. A part of its room: nothing here is for
/// others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.rollup;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
