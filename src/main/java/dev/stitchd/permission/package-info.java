/// **Who may do what**: roles, what they are given for, and the one table that says what each route
/// of the management plane needs. Decides from values alone; the guard in `admin` and the locks in
/// `resource` ask it.
///
/// May use: `kernel`. Threads: any; nothing is kept and nothing waits.
@ApplicationModule(allowedDependencies = "kernel")
@CheckReturnValue
@NullMarked
package dev.stitchd.permission;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
