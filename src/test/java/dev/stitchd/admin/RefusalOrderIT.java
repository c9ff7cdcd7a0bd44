package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Of several things that are wrong with a request, the same one is told on every route: 404 for
/// what the path names, then what is wrong with the request itself, then its version.
class RefusalOrderIT {

  private static final Set<String> LOOKED_UP =
      Set.of("project", "environment", "flag", "segment", "event", "tenant");

  private static final List<String> METHODS = List.of("get", "post", "put", "patch", "delete");

  private static Server server;
  private static Admin admin;
  private static Map<String, String> there;

  @BeforeAll
  static void startServer() {
    server = Server.start();
    admin = server.admin();
    there = new TreeMap<>();
    there.put("tenant", "default");
    there.put("project", "p-" + UUID.randomUUID());
    there.put("environment", "production");
    there.put("flag", "checkout");
    there.put("segment", "vip");
    there.put("event", "purchase");
    var project = there.get("project");
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlag(project, "checkout");
    admin.createSegment(
        project, "production", "{\"key\":\"vip\",\"name\":\"VIP\",\"contextType\":\"user\"}");
    admin.create(
        path("/projects/{project}/environments/{environment}/event-definitions", ""),
        "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
  }

  @AfterAll
  static void stopServer() {
    server.stop();
  }

  /// A path of the description with keys of what is there, but for one.
  private static String path(String pattern, String missing) {
    var path = pattern;
    for (var one : there.entrySet()) {
      path =
          path.replace(
              "{" + one.getKey() + "}", one.getKey().equals(missing) ? "missing" : one.getValue());
    }
    return path.replaceAll("\\{[a-z]+}", UUID.randomUUID().toString());
  }

  @Test
  void whatThePathNamesIsLookedForBeforeAnythingElseIsReadOnEveryRoute() {
    var softly = new SoftAssertions();
    var asked = 0;
    for (var described :
        Http.at(server.url()).get("/openapi.json").json().get("paths").properties()) {
      var pattern = described.getKey();
      if (!pattern.startsWith("/api/v1")) {
        continue;
      }
      for (var method : METHODS) {
        for (var name : LOOKED_UP) {
          if (!described.getValue().has(method) || !pattern.contains("{" + name + "}")) {
            continue;
          }
          var path = path(pattern.substring("/api/v1".length()), name);
          var sent = method.toUpperCase(Locale.ROOT);
          for (var answer :
              List.of(
                  admin.send(sent, path + "?limit=zz&from=bad&type=zz&list=zz", ""),
                  admin.send(sent, path, "{", "If-Match", "\"1\""),
                  admin.send(sent, path, "text", "Content-Type", "text/plain"))) {
            softly
                .assertThat(answer.status())
                .as(sent + " " + path + " " + answer.body())
                .isEqualTo(404);
            asked++;
          }
        }
      }
    }
    softly.assertAll();
    assertThat(asked).isGreaterThan(200);
  }

  @Test
  void aBodyIsRefusedBeforeTheVersionThatItWasMadeAgainst() {
    var softly = new SoftAssertions();
    for (var pattern :
        List.of(
            "/tenants/{tenant}",
            "/projects/{project}",
            "/projects/{project}/environments/{environment}",
            "/projects/{project}/flags/{flag}",
            "/projects/{project}/flags/{flag}/environments/{environment}",
            "/projects/{project}/environments/{environment}/segments/{segment}",
            "/projects/{project}/environments/{environment}/event-definitions/{event}")) {
      var path = path(pattern, "");
      refused(softly, admin.send("PUT", path, "{"), 400);
      refused(softly, admin.send("PUT", path, "{\"nonsense\":1}"), 400, 422);
      refused(softly, admin.send("PUT", path, "{\"nonsense\":1}", "If-Match", "\"999\""), 400, 422);
      refused(
          softly, admin.send("PATCH", path, "{\"nonsense\":1}", "If-Match", "\"999\""), 400, 422);
      refused(softly, admin.send("PUT", path, "x", "Content-Type", "text/plain"), 415);
      var body = admin.get(path).toString();
      refused(softly, admin.send("PUT", path, body), 428);
      refused(softly, admin.send("PUT", path, body, "If-Match", "\"999\""), 409);
      if (!pattern.endsWith("/flags/{flag}/environments/{environment}")) {
        refused(softly, admin.send("DELETE", path, ""), 428);
      }
    }
    softly.assertAll();
  }

  private static void refused(SoftAssertions softly, Http.Answer answer, Integer... statuses) {
    softly
        .assertThat(answer.status())
        .as(answer.json().path("instance") + " " + answer.body())
        .isIn((Object[]) statuses);
  }
}
