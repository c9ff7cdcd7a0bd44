/// **What the process runs on**: the clock, named schedulers, HTTP ports, health, the order of
/// shutdown.
///
/// Rooms receive its beans by type and qualifier, and tell their health through Spring Boot's
/// `HealthIndicator`. BlockHound's allowances are listed in one place, `BlockHoundAllowances` of
/// the tests.
@ApplicationModule(allowedDependencies = {"kernel", "background", "boundary"})
@CheckReturnValue
@NullMarked
package dev.stitchd.runtime;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
