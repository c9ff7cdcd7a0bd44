package dev.stitchd.permission;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Roles as PostgreSQL's `stitchd_grants()` answers them: `[{"role","project","environment"}]`.
public final class StoredGrants {

  private StoredGrants() {}

  /// Reads them; a role that this version does not know is left out.
  public static Grants read(JsonNode granted) {
    var grants = new ArrayList<Grant>();
    for (var one : granted) {
      Role.named(one.path("role").asString())
          .ifPresent(role ->
              grants.add(new Grant(role, text(one.get("project")), text(one.get("environment")))));
    }
    return new Grants(grants);
  }

  private static @Nullable String text(@Nullable JsonNode value) {
    return value == null ? null : value.asString();
  }
}
