package dev.stitchd.permission;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The roles that a caller has in the tenant acted in.
public record Grants(List<Grant> all) {

  /// What the server itself may, and a platform administrator.
  public static final Grants PLATFORM = new Grants(List.of(Grant.of(Role.PLATFORM_ADMIN)));

  public static final Grants NONE = new Grants(List.of());

  public Grants {
    all = List.copyOf(all);
  }

  /// May manage tenants, and act in each.
  public boolean platform() {
    return has(Role.PLATFORM_ADMIN);
  }

  /// May do everything in the tenant.
  public boolean administers() {
    return platform() || has(Role.OWNER) || has(Role.ADMIN);
  }

  /// May see a project: has a role in it, or in one of its environments.
  public boolean sees(String project) {
    return administers() || all.stream().anyMatch(grant -> project.equals(grant.project()));
  }

  /// May see an environment of a project.
  public boolean sees(String project, String environment) {
    return may(Role.VIEWER, project, environment);
  }

  /// The keys of the projects that may be seen; null for all.
  public @Nullable List<String> projectsSeen() {
    return administers()
        ? null
        : all.stream().map(Grant::project).filter(Objects::nonNull).distinct().toList();
  }

  /// The keys of the projects that may be seen with all their environments; null for all.
  public @Nullable List<String> wholeProjectsSeen() {
    return administers()
        ? null
        : all.stream()
            .filter(grant -> grant.environment() == null)
            .map(Grant::project)
            .filter(Objects::nonNull)
            .distinct()
            .toList();
  }

  /// The keys of a project's environments that may be seen; null for all.
  public @Nullable List<String> environmentsSeen(String project) {
    return may(Role.VIEWER, project, null)
        ? null
        : all.stream()
            .filter(grant -> project.equals(grant.project()))
            .map(Grant::environment)
            .filter(Objects::nonNull)
            .distinct()
            .toList();
  }

  /// May do in a project, or in one of its environments, what `role` may there.
  ///
  /// @param environment null for the project as a whole
  public boolean may(Role role, String project, @Nullable String environment) {
    return administers()
        || all.stream()
            .anyMatch(grant -> grant.role().includes(role) && grant.reaches(project, environment));
  }

  /// May change what lies in an environment.
  public boolean mayChange(String project, String environment, boolean production) {
    return may(production ? Role.PUBLISHER : Role.EDITOR, project, environment);
  }

  /// Whether whoever has these may do all that `grant` lets do; so they may give it.
  public boolean covers(Grant grant) {
    return switch (grant.role()) {
      case PLATFORM_ADMIN -> platform();
      case OWNER -> platform() || has(Role.OWNER);
      case ADMIN -> administers();
      case MEMBER -> true;
      case VIEWER, EDITOR, PUBLISHER, APPROVER ->
          grant.project() != null && may(grant.role(), grant.project(), grant.environment());
    };
  }

  /// Those of these that `others` cover: what is left of a token's roles when its user lost some.
  public Grants within(Grants others) {
    return new Grants(all.stream().filter(others::covers).toList());
  }

  private boolean has(Role role) {
    return all.stream().anyMatch(grant -> grant.role() == role);
  }
}
