/// Uploads as they are read: cut into lines or records, these into members, members into chunks for
/// `COPY`. Knows no database. A part of its room: nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.segment.upload;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
