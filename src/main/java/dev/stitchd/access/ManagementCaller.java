package dev.stitchd.access;

import dev.stitchd.kernel.TenantId;

/// The holder of an API token, acting in one tenant.
///
/// @param actor who, as the audit log names them
/// @param platform whether tenants themselves may be managed
public record ManagementCaller(TenantId tenant, String actor, boolean platform) {}
