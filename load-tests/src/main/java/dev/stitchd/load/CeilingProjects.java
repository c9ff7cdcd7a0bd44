package dev.stitchd.load;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// As much of the management plane as a measurement needs, kept in memory, so that the same
/// commands run against a ceiling: creating a project, environment, keys and flags, changing a
/// flag, deleting the project. It checks nothing.
final class CeilingProjects {

  private static final JsonMapper JSON = new JsonMapper();

  private final Map<String, CeilingProject> projects = new ConcurrentHashMap<>();
  private final Map<String, CeilingProject> byKey = new ConcurrentHashMap<>();

  /// An answer to a management request.
  ///
  /// @param status of the response
  /// @param revision for the header `Stitchd-Revision`, or 0
  /// @param body JSON, may be empty
  /// @param changed the project whose flags changed, or null
  record Answer(int status, long revision, String body, CeilingProject changed) {}

  /// The project that the credential of an SDK belongs to, or null.
  CeilingProject byKey(String authorization) {
    return authorization == null ? null : byKey.get(authorization.substring("Bearer ".length()));
  }

  /// Serves `/api/v1/**`.
  synchronized Answer manage(String method, String path, String body) {
    // /api/v1/projects/p/flags/f/environments/e
    var parts = path.split("[/?]");
    if (parts.length == 4) {
      var key = parse(body).get("key").asString();
      projects.put(key, new CeilingProject());
      return new Answer(201, 0, "{}", null);
    }
    var project = projects.get(parts[4]);
    if (project == null) {
      return new Answer(404, 0, "{}", null);
    }
    if (method.equals("DELETE")) {
      projects.remove(parts[4]);
      byKey.values().removeIf(project::equals);
      return new Answer(204, 0, "", null);
    }
    if (path.endsWith("/sdk-keys")) {
      var key = "sdk_srv_" + UUID.randomUUID();
      byKey.put(key, project);
      return new Answer(201, 0, "{\"key\":\"" + key + "\"}", null);
    }
    if (path.endsWith("/flags")) {
      project.put(created(parse(body)), parse(body).get("key").asString());
      return new Answer(201, 0, "{}", null);
    }
    if (method.equals("PATCH")) {
      var revision = project.patch(parts[6], parse(body));
      return new Answer(200, revision, "{}", project);
    }
    return new Answer(201, 0, "{}", null);
  }

  /// The published item of a new flag.
  private static ObjectNode created(ObjectNode flag) {
    var item = JsonNodeFactory.instance.objectNode();
    item.set("type", flag.get("type"));
    item.set("variants", flag.get("variants"));
    item.put("clientVisible", false).put("enabled", false);
    item.put("offVariant", flag.get("variants").propertyNames().iterator().next());
    item.putArray("targets");
    item.putArray("prerequisites");
    item.putArray("rules");
    item.putObject("default").set("variant", item.get("offVariant"));
    return item;
  }

  private static ObjectNode parse(String body) {
    return (ObjectNode) JSON.readTree(body);
  }
}
