package dev.stitchd.resource;

import dev.stitchd.kernel.TenantId;
import org.jspecify.annotations.Nullable;

/// Who changes something, for the audit log.
///
/// @param tenant the tenant acted in; every statement sees this tenant only
/// @param name the actor, as `token:ci`
/// @param comment why, in the author's words
/// @param idempotencyKey names this creation, so that repeating it does not create twice; null if
///   the author does not care
public record Author(
    TenantId tenant, String name, @Nullable String comment, @Nullable String idempotencyKey) {}
