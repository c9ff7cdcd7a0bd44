/// Stores events. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.insert;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
