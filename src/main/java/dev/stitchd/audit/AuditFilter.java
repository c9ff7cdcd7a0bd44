package dev.stitchd.audit;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Which entries of the audit log are wanted: those that all of these hold for; null for any.
///
/// @param project its key
/// @param environment its key
/// @param actor an id, or a name
/// @param resource a thing's path below `/api/v1`; what lies below that path is meant too
/// @param action as `flag.create`
/// @param from written then or later
/// @param to written before
public record AuditFilter(
    @Nullable String project,
    @Nullable String environment,
    @Nullable String actor,
    @Nullable String resource,
    @Nullable String action,
    @Nullable Instant from,
    @Nullable Instant to) {

  private static final String API = "/api/v1";

  public AuditFilter {
    if (resource != null) {
      var path = resource.startsWith(API + "/") ? resource.substring(API.length()) : resource;
      resource =
          path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
  }
}
