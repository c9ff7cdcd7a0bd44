/// **People, API tokens and the roles that both have**: who is given what, by whom. What a role
/// lets do is decided in `permission`; who sent a request is found in `access`.
///
/// May use: `kernel`, `background`, `boundary`, `access`, `permission`, `postgres`, `resource`.
/// Threads: R2DBC event loops; passwords are hashed on a few threads of their own.
@ApplicationModule(
    allowedDependencies = {
      "kernel",
      "background",
      "boundary",
      "access",
      "access :: cipher",
      "permission",
      "postgres",
      "resource"
    })
@CheckReturnValue
@NullMarked
package dev.stitchd.people;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
