/// Removes events and what was made of them. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.removal;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
