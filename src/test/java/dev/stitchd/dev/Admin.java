package dev.stitchd.dev;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The management API, as somebody with a platform administrator's token uses it.
///
/// The named methods expect success and answer the body; [#send] answers whatever comes. Blocks;
/// for ordinary threads.
///
/// ```
/// admin.createProject("web");
/// admin.createEnvironment("web", "production");
/// admin.createFlag("web", "checkout");
/// admin.changeTargeting("web", "checkout", "production", targeting -> targeting.put("enabled", true));
/// ```
public final class Admin {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Http http;
  private final String token;

  private Admin(Http http, String token) {
    this.http = http;
    this.token = token;
  }

  /// @param url such as `http://127.0.0.1:8080`
  /// @param token an API token
  public static Admin at(String url, String token) {
    return new Admin(Http.at(url), token);
  }

  /// The same by another HTTP client.
  public static Admin at(String url, String token, java.net.http.HttpClient client) {
    return new Admin(Http.at(url, client), token);
  }

  /// Any request to `/api/v1` + path, with the token.
  ///
  /// @param headers name, value, name, value …
  public Http.Answer send(String method, String path, String body, String... headers) {
    var all =
        Stream.concat(Stream.of("Authorization", "Bearer " + token), Arrays.stream(headers))
            .toArray(String[]::new);
    return http.send(method, "/api/v1" + path, body, all);
  }

  public JsonNode get(String path) {
    return expect("GET", path, "");
  }

  /// Applies a JSON Merge Patch.
  public JsonNode patch(String path, String body) {
    return expect("PATCH", path, body);
  }

  /// Creates a resource in a collection.
  public JsonNode create(String path, String body) {
    return expect("POST", path, body);
  }

  public JsonNode createProject(String project) {
    return expect("POST", "/projects", named(project).toString());
  }

  public JsonNode createEnvironment(String project, String environment) {
    return expect(
        "POST", "/projects/%s/environments".formatted(project), named(environment).toString());
  }

  /// A new SDK key; the answer is the key itself.
  ///
  /// @param kind `server` or `client`
  public String createSdkKey(String project, String environment, String kind) {
    var body = JSON.createObjectNode().put("name", kind).put("kind", kind).toString();
    return expect(
            "POST", "/projects/%s/environments/%s/sdk-keys".formatted(project, environment), body)
        .path("key")
        .asString();
  }

  /// A boolean flag with variants `on` and `off`, visible to server keys only.
  public JsonNode createFlag(String project, String flag) {
    var body = named(flag).put("type", "boolean");
    body.putObject("variants").put("on", true).put("off", false);
    return createFlagFrom(project, body.toString());
  }

  /// Any flag.
  ///
  /// @param body as `POST …/flags` takes it
  public JsonNode createFlagFrom(String project, String body) {
    return expect("POST", "/projects/%s/flags".formatted(project), body);
  }

  /// Any segment.
  ///
  /// @param body as `POST …/segments` takes it
  public JsonNode createSegment(String project, String environment, String body) {
    return expect(
        "POST", "/projects/%s/environments/%s/segments".formatted(project, environment), body);
  }

  /// A flag's targeting in one environment.
  public JsonNode targeting(String project, String flag, String environment) {
    return get(targetingPath(project, flag, environment));
  }

  /// Replaces the targeting by the present one as changed by the function, against the version that
  /// was read.
  public JsonNode changeTargeting(
      String project, String flag, String environment, Consumer<ObjectNode> change) {
    var targeting = (ObjectNode) targeting(project, flag, environment);
    var version = targeting.path("version").asLong();
    change.accept(targeting);
    return expect(
        "PUT",
        targetingPath(project, flag, environment),
        targeting.toString(),
        "If-Match",
        "\"%d\"".formatted(version));
  }

  /// Switches a boolean flag for everybody: enabled, no rules, default `on` or `off`.
  public JsonNode serve(String project, String flag, String environment, String variant) {
    return changeTargeting(
        project,
        flag,
        environment,
        targeting -> {
          targeting.put("enabled", true);
          targeting.putObject("default").put("variant", variant);
        });
  }

  private static String targetingPath(String project, String flag, String environment) {
    return "/projects/%s/flags/%s/environments/%s".formatted(project, flag, environment);
  }

  private static ObjectNode named(String key) {
    return JSON.createObjectNode().put("key", key).put("name", key);
  }

  private JsonNode expect(String method, String path, String body, String... headers) {
    var answer = send(method, path, body, headers);
    if (answer.status() / 100 != 2) {
      throw new AssertionError(
          "%s %s answered %d: %s".formatted(method, path, answer.status(), answer.body()));
    }
    return answer.json();
  }
}
