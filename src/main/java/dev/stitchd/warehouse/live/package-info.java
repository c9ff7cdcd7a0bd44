/// Events as they arrive, for people who look. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.live;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
