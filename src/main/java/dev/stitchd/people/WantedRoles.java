package dev.stitchd.people;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// Roles as requests name them: `[{"role":"editor","project":"web","environment":"staging"}]`.
final class WantedRoles {

  /// Most roles that a user or a token has.
  static final int MOST = 100;

  private static final Set<String> NAMES =
      Arrays.stream(Role.values()).map(Role::wireName).collect(Collectors.toUnmodifiableSet());

  private WantedRoles() {}

  /// Reads the field `roles`, which must be there; what is wrong is noted.
  static Grants read(JsonFields fields) {
    if (!fields.has("roles")) {
      fields.error("roles", "is required, as [{\"role\":\"viewer\",\"project\":\"web\"}]");
      return Grants.NONE;
    }
    var wanted = new ArrayList<Grant>();
    var items = fields.list("roles", MOST);
    for (int i = 0; i < items.size(); i++) {
      var grant = read(items.get(i), fields.at("roles") + "[" + i + "]", fields.errors());
      if (grant != null && !wanted.contains(grant)) {
        wanted.add(grant);
      }
    }
    return new Grants(wanted);
  }

  /// As the store keeps them and the API answers them.
  static ArrayNode json(Grants grants) {
    var roles = Json.object().putArray("roles");
    for (var grant : grants.all()) {
      var role = roles.addObject().put("role", grant.role().wireName());
      if (grant.project() != null) {
        role.put("project", grant.project());
      }
      if (grant.environment() != null) {
        role.put("environment", grant.environment());
      }
    }
    return roles;
  }

  /// Roles that are given by somebody who has fewer are refused, all that are too many at once.
  static void check(Grants giver, Grants wanted) {
    var more = wanted.all().stream().filter(grant -> !giver.covers(grant)).toList();
    if (!more.isEmpty()) {
      throw new Problem.Forbidden(
          "nobody gives more than they may themselves: "
              + more.stream().map(WantedRoles::words).collect(Collectors.joining(", ")));
    }
  }

  private static String words(Grant grant) {
    var where =
        grant.environment() == null ? grant.project() : grant.project() + "/" + grant.environment();
    return grant.role().wireName() + (where == null ? "" : " of " + where);
  }

  private static @Nullable Grant read(JsonNode item, String path, FieldErrors errors) {
    var fields = JsonFields.of(item, path, errors);
    var role = Role.named(String.valueOf(fields.oneOf("role", NAMES)));
    var project = fields.text("project", JsonFields.MAX_TEXT);
    var environment = fields.text("environment", JsonFields.MAX_TEXT);
    fields.refuseOthers(Set.of());
    if (role.isEmpty()) {
      return null;
    }
    var ofProject = role.get().level() == Role.Level.PROJECT;
    if (ofProject && project == null) {
      fields.error("project", role.get().wireName() + " is a role in a project: name it");
    } else if (!ofProject && project != null) {
      fields.error("project", role.get().wireName() + " is no role in a project: leave it out");
    }
    if (environment != null && project == null) {
      fields.error("environment", "lies in a project: name that too");
    }
    return ofProject == (project != null) && (environment == null || project != null)
        ? new Grant(role.get(), project, environment)
        : null;
  }
}
