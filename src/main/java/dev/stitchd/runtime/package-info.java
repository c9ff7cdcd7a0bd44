/// **What the process runs on**: the clock, named schedulers, connection pools, Flyway at start,
/// health, the order of shutdown.
///
/// May use: `kept`, to know whether it may start without PostgreSQL; rooms receive its beans by
/// type and qualifier, and tell their health through Spring Boot's `HealthIndicator`. Threads:
/// Flyway blocks the starting thread and nothing else; BlockHound's allowances are listed in one
/// place, `BlockHoundAllowances` of the tests.
@ApplicationModule(allowedDependencies = {"kernel", "kept"})
@CheckReturnValue
@NullMarked
package dev.stitchd.runtime;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
