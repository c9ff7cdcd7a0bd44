/// The routes of the past of an environment, of many changes at once, and of whole projects as
/// files. A part of the management API.
@CheckReturnValue
@NullMarked
package dev.stitchd.admin.history;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
