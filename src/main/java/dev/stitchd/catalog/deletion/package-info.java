/// What is left of a deleted project or environment: out of sight at once, since row-level security
/// shows its row to nobody, and removed in the background, a batch in each transaction, by
/// whichever node gets to it.
@CheckReturnValue
@NamedInterface("deletion")
@NullMarked
package dev.stitchd.catalog.deletion;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
