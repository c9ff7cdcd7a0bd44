/// Several writes of flags, targeting and segments as one.
@CheckReturnValue
@NamedInterface("change")
@NullMarked
package dev.stitchd.catalog.change;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
