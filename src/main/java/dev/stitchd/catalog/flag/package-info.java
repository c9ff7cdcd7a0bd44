/// Flags, what they do in an environment, and who depends on them.
@CheckReturnValue
@NamedInterface("flag")
@NullMarked
package dev.stitchd.catalog.flag;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
