/// **What a flag is and how it decides**: flags, rules, segments, rollouts, bucketing, and the
/// evaluator, as pure functions. The same code reads an editor's request, decides for OFREP, and
/// explains a preview.
///
/// Here stands what other rooms use; the parts behind it are packages of their own: `operator`,
/// `condition`, `rollout`, `targeting`, `evaluation`, `trace`, `validation`.
///
/// May use: `kernel`. No Spring, no Reactor, no I/O. Threads: everything is immutable; safe from
/// any thread.
@ApplicationModule(allowedDependencies = {"kernel"})
@CheckReturnValue
@NullMarked
package dev.stitchd.ruleset;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
