/// Who is on which list, asked of PostgreSQL: many questions in one statement, within bounds of
/// number and time. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.segment.lookup;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
