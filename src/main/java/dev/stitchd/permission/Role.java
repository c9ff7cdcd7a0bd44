package dev.stitchd.permission;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// What somebody is given. A role of the platform or of a tenant names no project; a role of a
/// project is given for the project, or for one of its environments.
public enum Role {
  PLATFORM_ADMIN(Level.PLATFORM, "everything in every tenant, and the tenants themselves"),
  OWNER(Level.TENANT, "everything in the tenant; there is always one"),
  ADMIN(Level.TENANT, "everything in the tenant"),
  MEMBER(Level.TENANT, "the own account and its tokens; a role in a project makes one a member"),
  VIEWER(Level.PROJECT, "reads all but SDK keys, and asks what changes nothing"),
  EDITOR(
      Level.PROJECT,
      "is a viewer, creates flags, and changes whatever no production environment serves"),
  PUBLISHER(Level.PROJECT, "is an editor, and changes production too"),
  APPROVER(Level.PROJECT, "is a viewer for now");

  /// What a role is given for.
  public enum Level {
    PLATFORM,
    TENANT,
    PROJECT
  }

  private final Level level;
  private final String meaning;

  Role(Level level, String meaning) {
    this.level = level;
    this.meaning = meaning;
  }

  public Level level() {
    return level;
  }

  /// What it lets do, in a few words.
  public String meaning() {
    return meaning;
  }

  /// The name on the wire, as `platform-admin`.
  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// The role of that name; empty if there is none.
  public static Optional<Role> named(String wireName) {
    return Arrays.stream(values()).filter(role -> role.wireName().equals(wireName)).findFirst();
  }

  /// Whether whoever has this role in a project may do there all that `other` may.
  boolean includes(Role other) {
    return switch (this) {
      case PUBLISHER -> other.level == Level.PROJECT;
      case EDITOR -> other == EDITOR || other == VIEWER || other == APPROVER;
      case VIEWER, APPROVER -> other == VIEWER || other == APPROVER;
      case PLATFORM_ADMIN, OWNER, ADMIN, MEMBER -> false;
    };
  }
}
