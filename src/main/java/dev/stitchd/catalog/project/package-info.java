/// Tenants, projects, environments and the SDK keys of an environment.
@CheckReturnValue
@NamedInterface("project")
@NullMarked
package dev.stitchd.catalog.project;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
