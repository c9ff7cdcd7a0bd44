/// The events that an environment defines.
@CheckReturnValue
@NamedInterface("event")
@NullMarked
package dev.stitchd.catalog.event;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
