package dev.stitchd.access;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.TenantId;

/// The holder of an API token, acting in one tenant.
///
/// @param platform whether tenants themselves may be managed
public record ManagementCaller(TenantId tenant, Actor actor, boolean platform) {}
