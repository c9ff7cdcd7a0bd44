package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;

/// Where a transaction takes an environment: its items to `revision`, its keys and settings to
/// `accessVersion`. Whoever makes one holds the environment's row locked, so that the order of
/// commits is the order of revisions.
public record EnvironmentRevision(
    TenantId tenant, EnvironmentId environment, long revision, long accessVersion) {}
