/// Which events an environment defines, and how new ones become defined. A part of its room:
/// nothing here is for others.
@CheckReturnValue
@NullMarked
package dev.stitchd.ingest.definitions;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
