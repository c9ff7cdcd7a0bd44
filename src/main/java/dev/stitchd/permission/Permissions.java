package dev.stitchd.permission;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The table of permissions: what each route of the management plane asks of its caller. A route
/// without a row is refused to everybody, and a test compares the rows with the routes that are
/// served.
public final class Permissions {

  private static final String PROJECT = "/api/v1/projects/{project}";
  private static final String ENVIRONMENT = PROJECT + "/environments/{environment}";
  private static final String FLAG = PROJECT + "/flags/{flag}";
  private static final String SEGMENT = ENVIRONMENT + "/segments/{segment}";
  private static final String DEFINITION = ENVIRONMENT + "/event-definitions/{event}";

  /// A route and what it needs.
  ///
  /// @param path as `openapi.json` has it
  public record Row(String method, String path, Need need) {}

  private static final List<Row> ROWS =
      List.of(
          row("GET", "/metrics", Need.PLATFORM),
          row("POST", "/api/v1/login", Need.OPEN),
          row("POST", "/api/v1/logout", Need.OPEN),
          row("GET", "/api/v1/session", Need.OPEN),
          row("POST", "/api/v1/invitations/accept", Need.OPEN),
          row("POST", "/api/v1/password/reset", Need.OPEN),
          row("GET", "/api/v1/me", Need.ACCOUNT),
          row("PUT", "/api/v1/me/password", Need.SIGNED_IN),
          row("POST", "/api/v1/me/second-factor", Need.SIGNED_IN),
          row("PUT", "/api/v1/me/second-factor", Need.SIGNED_IN),
          row("DELETE", "/api/v1/me/second-factor", Need.SIGNED_IN),
          row("GET", "/api/v1/users", Need.ADMINISTRATOR),
          row("GET", "/api/v1/users/{user}", Need.ADMINISTRATOR),
          row("PUT", "/api/v1/users/{user}/roles", Need.ADMINISTRATOR),
          row("DELETE", "/api/v1/users/{user}", Need.ADMINISTRATOR),
          row("POST", "/api/v1/users/{user}/password-reset", Need.ADMINISTRATOR),
          row("GET", "/api/v1/invitations", Need.ADMINISTRATOR),
          row("POST", "/api/v1/invitations", Need.ADMINISTRATOR),
          row("DELETE", "/api/v1/invitations/{invitation}", Need.ADMINISTRATOR),
          row("DELETE", "/api/v1/users/{user}/second-factor", Need.ADMINISTRATOR),
          row("GET", "/api/v1/roles", Need.ACCOUNT),
          row("GET", "/api/v1/tokens", Need.ACCOUNT),
          row("POST", "/api/v1/tokens", Need.ACCOUNT),
          row("GET", "/api/v1/tokens/{token}", Need.ACCOUNT),
          row("DELETE", "/api/v1/tokens/{token}", Need.ACCOUNT),
          row("GET", "/api/v1/tenants", Need.PLATFORM),
          row("POST", "/api/v1/tenants", Need.PLATFORM),
          row("GET", "/api/v1/tenants/{tenant}", Need.PLATFORM),
          row("PUT", "/api/v1/tenants/{tenant}", Need.PLATFORM),
          row("PATCH", "/api/v1/tenants/{tenant}", Need.PLATFORM),
          row("DELETE", "/api/v1/tenants/{tenant}", Need.PLATFORM),
          row("GET", "/api/v1/deletions", Need.ACCOUNT),
          row("GET", "/api/v1/deletions/{deletion}", Need.ACCOUNT),
          row("GET", "/api/v1/erasures", Need.ACCOUNT),
          row("GET", "/api/v1/erasures/{erasure}", Need.ACCOUNT),
          row("GET", "/api/v1/audit", Need.ACCOUNT),
          row("GET", "/api/v1/projects", Need.ACCOUNT),
          row("POST", "/api/v1/projects", Need.ADMINISTRATOR),
          row("GET", PROJECT, Need.READ_PROJECT),
          row("PUT", PROJECT, Need.EDIT_PROJECT),
          row("PATCH", PROJECT, Need.EDIT_PROJECT),
          row("DELETE", PROJECT, Need.REMOVE_PROJECT),
          row("GET", PROJECT + "/export", Need.READ_WHOLE_PROJECT),
          row("POST", PROJECT + "/import", Need.EDIT_PROJECT),
          row("GET", PROJECT + "/environments", Need.READ_PROJECT),
          row("POST", PROJECT + "/environments", Need.EDIT_PROJECT),
          row("GET", ENVIRONMENT, Need.READ),
          row("PUT", ENVIRONMENT, Need.CHANGE),
          row("PATCH", ENVIRONMENT, Need.CHANGE),
          row("DELETE", ENVIRONMENT, Need.MANAGE_ENVIRONMENT),
          row("GET", PROJECT + "/flags", Need.READ_PROJECT),
          row("POST", PROJECT + "/flags", Need.EDIT_PROJECT),
          row("GET", FLAG, Need.READ_PROJECT),
          row("PUT", FLAG, Need.EDIT_FLAG),
          row("PATCH", FLAG, Need.EDIT_FLAG),
          row("DELETE", FLAG, Need.EDIT_FLAG),
          row("GET", FLAG + "/usages", Need.READ_WHOLE_PROJECT),
          row("GET", FLAG + "/environments/{environment}", Need.READ),
          row("PUT", FLAG + "/environments/{environment}", Need.CHANGE),
          row("PATCH", FLAG + "/environments/{environment}", Need.CHANGE),
          row("GET", ENVIRONMENT + "/sdk-keys", Need.CHANGE),
          row("POST", ENVIRONMENT + "/sdk-keys", Need.CHANGE),
          row("GET", ENVIRONMENT + "/sdk-keys/{key}", Need.CHANGE),
          row("DELETE", ENVIRONMENT + "/sdk-keys/{key}", Need.CHANGE),
          row("GET", ENVIRONMENT + "/segments", Need.READ),
          row("POST", ENVIRONMENT + "/segments", Need.CHANGE),
          row("GET", SEGMENT, Need.READ),
          row("PUT", SEGMENT, Need.CHANGE),
          row("PATCH", SEGMENT, Need.CHANGE),
          row("DELETE", SEGMENT, Need.CHANGE),
          row("GET", SEGMENT + "/usages", Need.READ),
          row("GET", SEGMENT + "/members", Need.READ),
          row("PUT", SEGMENT + "/members", Need.CHANGE),
          row("POST", SEGMENT + "/members", Need.CHANGE),
          row("DELETE", SEGMENT + "/members", Need.CHANGE),
          row("GET", SEGMENT + "/members/imports", Need.READ),
          row("GET", SEGMENT + "/members/imports/{import}", Need.READ),
          row("GET", SEGMENT + "/members/{member}", Need.READ),
          row("GET", ENVIRONMENT + "/event-definitions", Need.READ),
          row("POST", ENVIRONMENT + "/event-definitions", Need.CHANGE),
          row("GET", DEFINITION, Need.READ),
          row("PUT", DEFINITION, Need.CHANGE),
          row("PATCH", DEFINITION, Need.CHANGE),
          row("DELETE", DEFINITION, Need.CHANGE),
          row("GET", ENVIRONMENT + "/stats/evaluations", Need.READ),
          row("GET", ENVIRONMENT + "/stats/exposures", Need.READ),
          row("GET", ENVIRONMENT + "/stats/stale-flags", Need.READ),
          row("GET", ENVIRONMENT + "/stats/contexts", Need.READ),
          row("GET", ENVIRONMENT + "/stats/attributes", Need.READ),
          row("GET", ENVIRONMENT + "/stats/contexts/{type}/{key}/evaluations", Need.READ),
          row("DELETE", ENVIRONMENT + "/contexts/{type}/{key}", Need.CHANGE),
          row("GET", ENVIRONMENT + "/events/account", Need.READ),
          row("GET", ENVIRONMENT + "/events/live", Need.READ),
          row("GET", ENVIRONMENT + "/events/export", Need.READ),
          row("GET", ENVIRONMENT + "/propagation", Need.READ),
          row("POST", ENVIRONMENT + "/evaluate", Need.READ),
          row("POST", ENVIRONMENT + "/changes", Need.CHANGE),
          row("GET", ENVIRONMENT + "/revisions", Need.READ),
          row("GET", ENVIRONMENT + "/revisions/{revision}", Need.READ),
          row("POST", ENVIRONMENT + "/revisions/{revision}/restore", Need.CHANGE),
          row("GET", ENVIRONMENT + "/diff", Need.READ));

  private static final Map<String, Need> NEEDS = needs();

  private Permissions() {}

  /// All rows, in the order in which people read them.
  public static List<Row> rows() {
    return ROWS;
  }

  /// What a route needs; empty if the table does not have it, so nobody may.
  ///
  /// @param path its pattern
  public static Optional<Need> need(String method, String path) {
    return Optional.ofNullable(NEEDS.get(method + " " + path));
  }

  private static Row row(String method, String path, Need need) {
    return new Row(method, path, need);
  }

  private static Map<String, Need> needs() {
    var needs = new LinkedHashMap<String, Need>();
    for (var row : ROWS) {
      if (needs.put(row.method() + " " + row.path(), row.need()) != null) {
        throw new IllegalStateException(row + " stands there twice");
      }
    }
    return needs;
  }
}
