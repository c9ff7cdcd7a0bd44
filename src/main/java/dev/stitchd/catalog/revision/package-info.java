/// The past of an environment: what each revision changed, how any two differ, and back to one.
@CheckReturnValue
@NamedInterface("revision")
@NullMarked
package dev.stitchd.catalog.revision;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
