package dev.stitchd.permission;

import org.jspecify.annotations.Nullable;

/// A role, and what it is given for.
///
/// @param project its key; null for a role of the platform or of a tenant
/// @param environment its key; null for a role in the whole project
public record Grant(Role role, @Nullable String project, @Nullable String environment) {

  public Grant {
    if ((role.level() == Role.Level.PROJECT) != (project != null)) {
      throw new IllegalArgumentException(
          role.wireName() + " is given " + (project == null ? "for a project" : "for no project"));
    }
    if (project == null && environment != null) {
      throw new IllegalArgumentException("an environment lies in a project");
    }
  }

  public static Grant of(Role role) {
    return new Grant(role, null, null);
  }

  /// Whether it reaches an environment of a project, or the project itself.
  ///
  /// @param environment null for the project itself, which a role in one environment does not reach
  boolean reaches(String project, @Nullable String environment) {
    return project.equals(this.project)
        && (this.environment == null || this.environment.equals(environment));
  }
}
