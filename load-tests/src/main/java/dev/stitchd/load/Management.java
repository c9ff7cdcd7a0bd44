package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A small blocking client of the management plane: a project of its own with one environment, its
/// keys and flags, made for one measurement and deleted by [#close()]. Any answer that is not the
/// expected one ends the run.
public final class Management implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String ENVIRONMENT = "bench";

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String url;
  private final String token;
  private final String project;

  private Management(String url, String token, String project) {
    this.url = url;
    this.token = token;
    this.project = project;
  }

  /// Creates a project with a random key and the environment `bench` in it.
  ///
  /// @param url where the server listens, without a trailing slash
  /// @param token an API token that may create projects
  public static Management createProject(String url, String token) {
    if (token.isEmpty()) {
      throw new IllegalArgumentException(
          "an API token is needed: --token=… (bench), -Dtoken=… (Gatling) or STITCHD_BOOTSTRAP_TOKEN");
    }
    var key = "load-" + UUID.randomUUID().toString().substring(0, 8);
    var management = new Management(url, token, key);
    management.post("/api/v1/projects", body().put("key", key).put("name", "Load test " + key));
    management.post(
        management.projectPath() + "/environments",
        body().put("key", ENVIRONMENT).put("name", "Bench").put("production", false));
    return management;
  }

  /// A project that is there already. To be left open, since [#close()] deletes it.
  ///
  /// @param url where the server listens, without a trailing slash
  /// @param token an API token
  /// @param project its key
  static Management ofProject(String url, String token, String project) {
    return new Management(url, token, project);
  }

  /// The key of the project.
  public String project() {
    return project;
  }

  /// Creates server keys of the environment.
  ///
  /// @param count how many
  public List<String> serverKeys(int count) {
    return keys(count, "server");
  }

  /// Creates client keys of the environment.
  ///
  /// @param count how many
  List<String> clientKeys(int count) {
    return keys(count, "client");
  }

  private List<String> keys(int count, String kind) {
    var keys = new ArrayList<String>(count);
    for (var i = 0; i < count; i++) {
      keys.add(
          post(environmentPath() + "/sdk-keys", body().put("name", "bench-" + i).put("kind", kind))
              .get("key")
              .asString());
    }
    return List.copyOf(keys);
  }

  /// Creates a string flag with the variants `a` and `b`, switched on and serving `a`, whose
  /// published form is about `padding` bytes longer than that of the smallest such flag.
  ///
  /// @param key the flag's key
  /// @param padding characters to add to the value of variant `a`
  public void stringFlag(String key, int padding) {
    stringFlag(key, padding, false);
  }

  /// The same, visible to client keys.
  void visibleFlag(String key) {
    stringFlag(key, 0, true);
  }

  private void stringFlag(String key, int padding, boolean clientVisible) {
    var flag = body().put("key", key).put("name", key).put("type", "string");
    flag.put("clientVisible", clientVisible);
    flag.putObject("variants").put("a", "a" + "x".repeat(padding)).put("b", "b");
    post(projectPath() + "/flags", flag);
    var _ = changeFlag(key, "a");
  }

  /// Creates a boolean flag with rules that every evaluation walks through, the last of which
  /// splits by percentage.
  ///
  /// @param key the flag's key
  public void booleanFlag(String key) {
    var flag = body().put("key", key).put("name", key).put("type", "boolean");
    flag.putObject("variants").put("on", true).put("off", false);
    post(projectPath() + "/flags", flag);

    var targeting = body().put("enabled", true).put("offVariant", "off");
    var rules = targeting.putArray("rules");
    var staff = rules.addObject().put("id", "staff");
    var isStaff = staff.putObject("when").put("attribute", "email").put("op", "endsWith");
    isStaff.putArray("values").add("@example.com");
    staff.putObject("serve").put("variant", "on");
    var germany = rules.addObject().put("id", "germany");
    var isGermany = germany.putObject("when").put("attribute", "country").put("op", "in");
    isGermany.putArray("values").add("DE").add("AT").add("CH");
    var rollout = germany.putObject("serve").putObject("rollout");
    rollout.put("bucketBy", "targetingKey").putObject("weights").put("on", 10).put("off", 90);
    targeting.putObject("default").put("variant", "off");
    var _ = send("PATCH", targetingPath(key), targeting, 200);
  }

  /// Publishes a segment anew, and with it what is known of its list.
  ///
  /// @param key the segment's key
  public void touchSegment(String key) {
    var _ =
        send("PATCH", environmentPath() + "/segments/" + key, body().put("name", key + " "), 200);
  }

  /// The environment's identity in the stores.
  public UUID environmentId() {
    return UUID.fromString(tree(send("GET", environmentPath(), null, 200)).get("id").asString());
  }

  /// The path of the environment.
  public String environmentPath() {
    return projectPath() + "/environments/" + ENVIRONMENT;
  }

  /// Lets the flag serve another variant and answers the revision that this made.
  ///
  /// @param key the flag's key
  /// @param variant what its default serves from now on
  public long changeFlag(String key, String variant) {
    var targeting = body().put("enabled", true);
    targeting.putObject("default").put("variant", variant);
    var answer = send("PATCH", targetingPath(key), targeting, 200);
    // Stitchd-Revision: production=813, staging=77
    var header =
        answer
            .headers()
            .firstValue("Stitchd-Revision")
            .orElseThrow(() -> new IllegalStateException("no Stitchd-Revision in the answer"));
    return Long.parseLong(header.replaceAll(".*\\b" + ENVIRONMENT + "=(\\d+).*", "$1"));
  }

  /// What streams must say of these flags, and nothing else, put together from the management API
  /// alone: `revision`, `flags`, `segments`.
  ///
  /// @param flags all flags of the project
  JsonNode published(List<String> flags) {
    var state = body();
    state.set("revision", tree(send("GET", environmentPath(), null, 200)).get("revision"));
    var items = state.putObject("flags");
    for (var flag : flags) {
      var definition = tree(send("GET", projectPath() + "/flags/" + flag, null, 200));
      var targeting = tree(send("GET", targetingPath(flag), null, 200));
      var item = items.putObject(flag);
      for (var field : List.of("type", "variants", "clientVisible")) {
        item.set(field, definition.get(field));
      }
      for (var field :
          List.of("enabled", "offVariant", "targets", "prerequisites", "rules", "default")) {
        item.set(field, targeting.get(field));
      }
    }
    state.putObject("segments");
    return state;
  }

  /// Creates a segment, whose list is empty.
  ///
  /// @param key the segment's key
  public void segment(String key) {
    var _ = post(environmentPath() + "/segments", body().put("key", key).put("name", key));
  }

  /// Deletes a segment; its members go in the background.
  ///
  /// @param key the segment's key
  public void deleteSegment(String key) {
    var _ = send("DELETE", environmentPath() + "/segments/" + key, null, 204);
  }

  /// Replaces a segment's list by a file and waits until it is the list.
  ///
  /// @param key the segment's key
  /// @param csv a member on each line
  /// @return how many members the file had, duplicates included
  public long importMembers(String key, Path csv) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(
                URI.create(url + environmentPath() + "/segments/" + key + "/members"))
            .timeout(Duration.ofMinutes(15))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "text/csv")
            .PUT(BodyPublishers.ofFile(csv));
    var answer = http.send(request.build(), BodyHandlers.ofString());
    var body = answer.statusCode() == 200 ? tree(answer) : null;
    if (body == null || !body.get("state").asString().equals("done")) {
      throw new IllegalStateException("import: " + answer.statusCode() + " " + answer.body());
    }
    return body.get("rows").asLong();
  }

  /// How many included keys a segment's list has.
  ///
  /// @param key the segment's key
  public long includedMembers(String key) {
    var segment = tree(send("GET", environmentPath() + "/segments/" + key, null, 200));
    return segment.at("/list/included").asLong();
  }

  /// The newest revision that SDKs were told of.
  ///
  /// @param sdkKey a key of the environment
  public long revision(String sdkKey) {
    var request =
        HttpRequest.newBuilder(URI.create(url + "/sdk/v1/config"))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + sdkKey);
    try {
      return tree(http.send(request.build(), BodyHandlers.ofString())).get("revision").asLong();
    } catch (IOException e) {
      throw new IllegalStateException("the configuration did not come: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// The path of the flag's targeting in the environment.
  public String targetingPath(String flag) {
    return projectPath() + "/flags/" + flag + "/environments/" + ENVIRONMENT;
  }

  /// All evaluations of the flag that the stats route counts in the given time.
  ///
  /// @param flag the flag's key
  /// @param from start, inclusive
  /// @param to end, exclusive
  public long countedEvaluations(String flag, Instant from, Instant to) {
    var path =
        environmentPath()
            + "/stats/evaluations?flag="
            + flag
            + "&from="
            + from
            + "&to="
            + to
            + "&interval=PT1H";
    long counted = 0;
    for (var item : tree(send("GET", path, null, 200)).get("items")) {
      counted += item.get("count").asLong();
    }
    return counted;
  }

  /// The path of the live events.
  public String livePath() {
    return environmentPath() + "/events/live";
  }

  /// The path of an export of evaluations.
  public String exportPath(String format, Instant from, Instant to) {
    return environmentPath() + "/events/export?format=" + format + "&from=" + from + "&to=" + to;
  }

  /// Whatever is answered to a question.
  ///
  /// @param path of the management API
  HttpResponse<String> ask(String path) {
    return exchange("GET", path, null);
  }

  /// Deletes the project and with it everything that was made.
  @Override
  public void close() {
    var answer = exchange("DELETE", projectPath(), null);
    if (answer.statusCode() >= 300) {
      System.err.println(
          "project " + project + " was left behind: " + answer.statusCode() + " " + answer.body());
    }
    http.close();
  }

  private String projectPath() {
    return "/api/v1/projects/" + project;
  }

  private JsonNode post(String path, JsonNode body) {
    return tree(send("POST", path, body, 201));
  }

  private HttpResponse<String> send(String method, String path, JsonNode body, int expected) {
    var answer = exchange(method, path, body);
    if (answer.statusCode() != expected) {
      throw new IllegalStateException(
          method + " " + path + " answered " + answer.statusCode() + ": " + answer.body());
    }
    return answer;
  }

  private HttpResponse<String> exchange(String method, String path, JsonNode body) {
    var request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token)
            .header("If-Match", "*");
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(method, BodyPublishers.ofString(body.toString()));
    }
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IllegalStateException(method + " " + url + path + " failed: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static JsonNode tree(HttpResponse<String> answer) {
    return JSON.readTree(answer.body());
  }

  private static ObjectNode body() {
    return JsonNodeFactory.instance.objectNode();
  }
}
