/// **The vocabulary** every room speaks: identifiers, the evaluation context, JSON manners, and the
/// one family of failures.
///
/// May use: nothing of ours, no Spring, no Reactor; Jackson's tree for JSON. Threads: everything
/// here is immutable or confined to its caller, and nothing waits.
@ApplicationModule(allowedDependencies = {})
@CheckReturnValue
@NullMarked
package dev.stitchd.kernel;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
