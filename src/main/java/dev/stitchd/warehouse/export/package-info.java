/// Events out of the store, as files. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.warehouse.export;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
