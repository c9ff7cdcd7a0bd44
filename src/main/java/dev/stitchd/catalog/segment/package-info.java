/// Segments of an environment and the rows that say which members they have.
@CheckReturnValue
@NamedInterface("segment")
@NullMarked
package dev.stitchd.catalog.segment;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
