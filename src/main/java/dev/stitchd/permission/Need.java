package dev.stitchd.permission;

import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;

/// What a route asks of its caller. Where a path leads into a project or an environment, it is
/// asked for that one.
public enum Need {
  OPEN("nobody: it is open without a credential"),
  SIGNED_IN("a person who is signed in; a token has no password"),
  PLATFORM("a platform administrator"),
  ADMINISTRATOR("an owner or admin of the tenant"),
  ACCOUNT("anybody who has a credential; lists hold what the caller may see"),
  READ_PROJECT("a role in the project, or in one of its environments"),
  READ_WHOLE_PROJECT("a viewer of the whole project"),
  READ("a viewer of the environment"),
  EDIT_PROJECT("an editor of the project"),
  EDIT_FLAG(
      "an editor of the project; a publisher in every production environment that serves the flag"),
  CHANGE("an editor of the environment; its publisher if it is marked production"),
  MANAGE_ENVIRONMENT(
      "an editor of the project; its publisher if the environment is marked production"),
  REMOVE_PROJECT(
      "an editor of the project; its publisher if one of its environments is marked production");

  private final String who;

  Need(String who) {
    this.who = who;
  }

  /// Who has it, in words.
  public String who() {
    return who;
  }

  /// Refuses a caller with these roles who has it not.
  public void check(Grants grants, PathScope scope) {
    if (!grantedBy(grants, scope)) {
      throw new Problem.Forbidden(
          "this needs "
              + who
              + "; GET /api/v1/roles says what each role may do, and an administrator gives them");
    }
  }

  /// Whether a caller with these roles has it.
  public boolean grantedBy(Grants grants, PathScope scope) {
    var project = scope.project();
    return switch (this) {
      case PLATFORM -> grants.platform();
      case ADMINISTRATOR -> grants.administers();
      case OPEN, SIGNED_IN, ACCOUNT -> true;
      case READ_PROJECT -> project != null && grants.sees(project);
      case READ_WHOLE_PROJECT -> may(grants, Role.VIEWER, project, null);
      case READ -> may(grants, Role.VIEWER, project, scope.environment());
      case EDIT_PROJECT -> may(grants, Role.EDITOR, project, null);
      case EDIT_FLAG ->
          project != null
              && may(grants, Role.EDITOR, project, null)
              && scope.servedIn().stream().allMatch(at -> grants.may(Role.PUBLISHER, project, at));
      case CHANGE -> may(grants, changer(scope.production()), project, scope.environment());
      case MANAGE_ENVIRONMENT -> may(grants, changer(scope.production()), project, null);
      case REMOVE_PROJECT -> may(grants, changer(!scope.productions().isEmpty()), project, null);
    };
  }

  private static Role changer(boolean production) {
    return production ? Role.PUBLISHER : Role.EDITOR;
  }

  private static boolean may(
      Grants grants, Role role, @Nullable String project, @Nullable String environment) {
    return project != null && grants.may(role, project, environment);
  }
}
