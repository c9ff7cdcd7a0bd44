package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.permission.Permissions;
import dev.stitchd.permission.Role;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Every route × every role, compared with the table of permissions; and every route with another
/// tenant's names.
class PermissionWalkIT {

  private static final String PROJECT = "web";
  private static final Set<String> PRODUCTIONS = Set.of("production");

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static Server server;
  private static Map<Grant, String> tokens;

  @BeforeAll
  static void aTenantWithCallersOfEveryRole() {
    server = Server.start();
    var admin = server.admin();
    furnish(admin);
    tokens = new LinkedHashMap<>();
    for (var role : Role.values()) {
      if (role.level() != Role.Level.PROJECT) {
        give(admin, Grant.of(role));
        continue;
      }
      give(admin, new Grant(role, PROJECT, null));
      give(admin, new Grant(role, PROJECT, "staging"));
      give(admin, new Grant(role, PROJECT, "production"));
      give(admin, new Grant(role, "other", null));
    }
  }

  private static void furnish(Admin admin) {
    admin.createProject(PROJECT);
    admin.createProject("other");
    admin.create(
        "/projects/web/environments",
        "{\"key\":\"production\",\"name\":\"Production\",\"production\":true}");
    admin.createEnvironment(PROJECT, "staging");
    for (var flag : List.of("served", "needed", "idle")) {
      admin.createFlag(PROJECT, flag);
    }
    admin.changeTargeting(
        PROJECT,
        "served",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          targeting
              .putArray("prerequisites")
              .addObject()
              .put("flag", "needed")
              .putArray("variants")
              .add("on");
        });
    for (var environment : List.of("production", "staging")) {
      admin.createSegment(PROJECT, environment, "{\"key\":\"vip\",\"name\":\"VIP\"}");
      admin.create(
          "/projects/web/environments/" + environment + "/event-definitions",
          "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    }
  }

  private static void give(Admin admin, Grant grant) {
    var body = JSON.createObjectNode().put("name", grant.toString());
    var role = body.putArray("roles").addObject().put("role", grant.role().wireName());
    if (grant.project() != null) {
      role.put("project", grant.project());
    }
    if (grant.environment() != null) {
      role.put("environment", grant.environment());
    }
    tokens.put(grant, admin.create("/tokens", body.toString()).get("token").asString());
  }

  @AfterAll
  static void stopServer() {
    server.stop();
  }

  /// A place that a route's path is made to name, and what permissions ask about it.
  private record Target(String path, PathScope scope) {}

  @Test
  void everyRouteLetsInWhomTheTableSays() {
    var softly = new SoftAssertions();
    var asked = 0;
    for (var row : Permissions.rows()) {
      for (var target : targets(row.path())) {
        for (var caller : tokens.entrySet()) {
          var granted =
              row.need() != Need.SIGNED_IN // and these are tokens
                  && row.need().grantedBy(new Grants(List.of(caller.getKey())), target.scope());
          var status = send(row.method(), target.path(), caller.getValue());
          softly
              .assertThat(status == 403)
              .as(
                  "%s %s by %s is %d and the table says %s",
                  row.method(), target.path(), caller.getKey(), status, granted)
              .isEqualTo(!granted);
          softly
              .assertThat(status)
              .as("%s %s by %s", row.method(), target.path(), caller.getKey())
              .isNotIn(401, 500);
          asked++;
        }
      }
    }
    softly.assertAll();
    System.out.println(
        "walked "
            + Permissions.rows().size()
            + " routes × "
            + tokens.size()
            + " callers: "
            + asked
            + " combinations of route, role and place");
    assertThat(asked).isGreaterThan(1_500);
  }

  @Test
  void theTableHasEveryRouteOfTheDescriptionAndNoOther() {
    var described = new TreeSet<String>();
    for (var path : Http.at(server.url()).get("/openapi.json").json().get("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        var route = operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey();
        if (path.getKey().startsWith("/api/v1") || path.getKey().equals("/metrics")) {
          if (!operation.getKey().equals("parameters")) {
            described.add(route);
          }
        }
      }
    }
    var rows = new TreeSet<String>();
    Permissions.rows().forEach(row -> rows.add(row.method() + " " + row.path()));
    assertThat(rows).isEqualTo(described);
  }

  @Test
  void anotherTenantsNamesLeadNowhereOnEveryRoute() {
    var admin = server.admin();
    admin.create("/tenants", "{\"key\":\"acme\",\"name\":\"Acme\"}");
    var body =
        JSON.createObjectNode()
            .put("name", "acme")
            .set("roles", JSON.createArrayNode().add(JSON.createObjectNode().put("role", "owner")));
    var made = admin.send("POST", "/tokens", body.toString(), "Stitchd-Tenant", "acme");
    var owner = made.json().get("token").asString();
    var softly = new SoftAssertions();
    var asked = 0;
    for (var row : Permissions.rows()) {
      for (var target : targets(row.path())) {
        var expected =
            row.need() == Need.PLATFORM || row.need() == Need.SIGNED_IN
                ? 403
                : target.scope().project() == null && !row.path().contains("{") ? 0 : 404;
        if (expected == 0 || row.need() == Need.OPEN) {
          continue; // a list of the own tenant
        }
        softly
            .assertThat(send(row.method(), target.path(), owner))
            .as("%s %s by the owner of another tenant", row.method(), target.path())
            .isEqualTo(expected);
        asked++;
      }
    }
    softly
        .assertThat(
            Http.at(server.url())
                .get(
                    "/api/v1/projects",
                    "Authorization",
                    "Bearer " + owner,
                    "Stitchd-Tenant",
                    "default")
                .status())
        .isEqualTo(404);
    softly.assertAll();
    assertThat(asked).isGreaterThan(100);
  }

  private static List<Target> targets(String pattern) {
    var targets = new ArrayList<Target>();
    var flags = pattern.contains("{flag}") ? List.of("served", "needed", "idle") : List.of("");
    var environments =
        pattern.contains("{environment}") ? List.of("production", "staging") : List.of("");
    for (var flag : flags) {
      for (var environment : environments) {
        targets.add(target(pattern, environment, flag));
      }
    }
    return targets;
  }

  private static Target target(String pattern, String environment, String flag) {
    var path =
        pattern
            .replace("{project}", PROJECT)
            .replace("{environment}", environment)
            .replace("{flag}", flag)
            .replace("{segment}", "vip")
            .replace("{event}", "purchase")
            .replace("{tenant}", "default")
            .replace("{revision}", "1")
            .replaceAll("\\{[a-z]+}", UUID.randomUUID().toString());
    if (!pattern.contains("{project}")) {
      return new Target(path, PathScope.TENANT);
    }
    return new Target(
        path,
        new PathScope(
            PROJECT,
            environment.isEmpty() ? null : environment,
            environment.equals("production"),
            PRODUCTIONS,
            flag.equals("idle") ? Set.of() : PRODUCTIONS));
  }

  /// A request that is let in is wrong in another way, so that it changes nothing; or it is about
  /// nobody.
  private static int send(String method, String path, String token) {
    var body = method.equals("GET") || path.contains("/contexts/") ? "" : "{";
    var request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .header("Authorization", "Bearer " + token)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    try {
      var answer = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      answer.body().close();
      return answer.statusCode();
    } catch (IOException e) {
      throw new IllegalStateException(method + " " + path + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
