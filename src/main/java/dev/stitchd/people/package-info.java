/// **People, API tokens and the roles that both have**: who is given what, by whom. What a role
/// lets do is decided in `permission`; who sent a request is found in `access`.
///
/// May use: `kernel`, `permission`, `postgres`, `resource`. Threads: R2DBC event loops; nothing
/// blocks.
@ApplicationModule(allowedDependencies = {"kernel", "permission", "postgres", "resource"})
@CheckReturnValue
@NullMarked
package dev.stitchd.people;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
