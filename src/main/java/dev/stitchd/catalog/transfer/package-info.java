/// A whole project as a file, and back from one.
@CheckReturnValue
@NamedInterface("transfer")
@NullMarked
package dev.stitchd.catalog.transfer;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
