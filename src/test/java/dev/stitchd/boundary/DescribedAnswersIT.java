package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every operation answers as `/openapi.json` says: with a status, a media type and a body that
/// stand there, where it succeeds and where it refuses.
class DescribedAnswersIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Which never end.
  private static final Set<String> STREAMS =
      Set.of(
          "GET /sdk/v1/stream",
          "GET /ofrep/v1/stream",
          "GET /api/v1/projects/{project}/environments/{environment}/events/live");

  private static Server server;
  private static JsonNode description;
  private static final Map<String, JsonSchema> SCHEMAS = new HashMap<>();

  private final SoftAssertions softly = new SoftAssertions();
  private final Set<String> succeeded = new TreeSet<>();
  private int checked;

  /// What a caller has: a credential, and what the path names.
  private record Place(Map<String, String> there, String key) {}

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_ADMIN_EMAIL",
                "ada@example.org",
                "STITCHD_ADMIN_PASSWORD",
                "correct horse battery staple"));
    description = server.http().get("/openapi.json").json();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void everyAnswerIsOneThatIsDescribed() {
    var operations = DescribedOperation.of(description);
    for (var operation : operations) {
      if (STREAMS.contains(operation.toString())) {
        continue;
      }
      var place = place(operation);
      var body = operation.examples();
      if (body.isEmpty()) {
        ask(operation, place, "", "application/json");
      }
      body.forEach((type, example) -> ask(operation, place, example, type));
      refusals(operation, place, body);
    }
    softly.assertAll();
    assertThat(checked).isGreaterThan(300);
    assertThat(succeeded)
        .as("operations of which a success was checked")
        .hasSizeGreaterThan(operations.size() * 3 / 4);
  }

  private void refusals(DescribedOperation operation, Place place, Map<String, String> body) {
    var path = path(operation, place);
    var example = body.isEmpty() ? "" : body.values().iterator().next();
    var type = body.isEmpty() ? "application/json" : body.keySet().iterator().next();
    check(operation, server.http().send(operation.method(), path, example, "Content-Type", type));
    check(operation, send(operation, place, path + "?limit=zz&cursor=zz&from=zz", example, type));
    for (var name : place.there().keySet()) {
      if (operation.pattern().contains("{" + name + "}")) {
        var missing = new TreeMap<>(place.there());
        missing.put(name, name.equals("revision") ? "999999" : "missing");
        check(
            operation,
            send(
                operation, place, path(operation, new Place(missing, place.key())), example, type));
      }
    }
    if (body.isEmpty()) {
      return;
    }
    check(operation, send(operation, place, path, "{", type));
    check(operation, send(operation, place, path, "{\"nonsense\":1}", type));
    check(operation, send(operation, place, path, "x", "text/plain"));
    check(
        operation,
        server.http().send(operation.method(), path, example, authorized(operation, place, type)));
  }

  private void ask(DescribedOperation operation, Place place, String body, String type) {
    var answer = send(operation, place, path(operation, place), body, type);
    if (answer.status() < 400) {
      succeeded.add(operation.toString());
    }
    check(operation, answer);
  }

  private static String path(DescribedOperation operation, Place place) {
    return operation.path(place.there()).replaceAll("\\{[a-z]+}", UUID.randomUUID().toString());
  }

  private static Http.Answer send(
      DescribedOperation operation, Place place, String path, String body, String type) {
    var headers = new ArrayList<>(List.of(authorized(operation, place, type)));
    headers.addAll(List.of("If-Match", "*"));
    return server.http().send(operation.method(), path, body, headers.toArray(String[]::new));
  }

  private static String[] authorized(DescribedOperation operation, Place place, String type) {
    boolean isSdk =
        operation.pattern().startsWith("/sdk/") || operation.pattern().startsWith("/ofrep/");
    return new String[] {
      "Authorization", "Bearer " + (isSdk ? place.key() : Server.TOKEN), "Content-Type", type
    };
  }

  private void check(DescribedOperation operation, Http.Answer answer) {
    checked++;
    var told = operation + " → " + answer.status() + " " + cut(answer.body());
    var described =
        operation.resolved(
            operation.operation().path("responses").path(Integer.toString(answer.status())));
    softly.assertThat(described.isObject()).as(told + "\n is not described").isTrue();
    if (!described.isObject() || answer.body().isEmpty()) {
      return;
    }
    var type = answer.header("Content-Type").replaceAll(";.*", "");
    var content = described.path("content").path(type);
    softly.assertThat(content.isObject()).as(told + "\n has the type " + type).isTrue();
    if (content.has("schema") && type.endsWith("json")) {
      softly
          .assertThat(schema(content.get("schema")).validate(answer.body(), InputFormat.JSON))
          .as(told)
          .isEmpty();
    }
  }

  private static String cut(String body) {
    return body.length() > 500 ? body.substring(0, 500) + "…" : body;
  }

  private static JsonSchema schema(JsonNode schema) {
    return SCHEMAS.computeIfAbsent(
        schema.toString(),
        _ -> {
          var whole = JSON.createObjectNode();
          whole.putArray("allOf").add(schema);
          whole.set("components", description.get("components"));
          return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
              .getSchema(whole.toString());
        });
  }

  /// A project in which everything that a path can name is there.
  private static Place place(DescribedOperation operation) {
    var admin = server.admin();
    var project = "p-" + UUID.randomUUID();
    var there = new TreeMap<String, String>();
    there.put("project", project);
    there.put("environment", "staging");
    there.put("flag", "banner");
    there.put("segment", "vip");
    there.put("event", "signup");
    there.put("member", "u1");
    there.put("type", "user");
    there.put("revision", "2");
    there.put("tenant", tenant(admin));
    admin.createProject(project);
    admin.createEnvironment(project, "staging");
    admin.createFlag(project, "banner");
    admin.createFlag(project, "checkout");
    var environment = "/projects/%s/environments/staging".formatted(project);
    admin.createSegment(
        project, "staging", "{\"key\":\"vip\",\"name\":\"VIP\",\"contextType\":\"user\"}");
    admin.create(environment + "/event-definitions", "{\"key\":\"signup\",\"name\":\"Signup\"}");
    var _ = admin.create(environment + "/segments/vip/members", "{\"keys\":[\"u1\"]}");
    var key = admin.createSdkKey(project, "staging", "server");
    var _ = admin.createSdkKey(project, "staging", "server");
    var keys = admin.get(environment + "/sdk-keys").path("items");
    there.put("key", keys.get(0).path("id").asString());
    if (operation.pattern().contains("{token}")) {
      var token = admin.create("/tokens", "{\"name\":\"t\",\"roles\":[{\"role\":\"member\"}]}");
      there.put("token", token.path("id").asString());
    }
    if (operation.pattern().contains("{invitation}")) {
      there.put("invitation", invitation(admin).path("id").asString());
    }
    if (operation.pattern().contains("{user}")) {
      there.put("user", user(admin));
    }
    return new Place(there, key);
  }

  private static JsonNode invitation(Admin admin) {
    return admin.create(
        "/invitations",
        "{\"email\":\"%s@example.org\",\"roles\":[{\"role\":\"member\"}]}"
            .formatted(UUID.randomUUID()));
  }

  private static String user(Admin admin) {
    var token = invitation(admin).path("link").asString().split("#")[1];
    return server
        .http()
        .post(
            "/api/v1/invitations/accept",
            "{\"token\":\"%s\",\"name\":\"Bob\",\"password\":\"correct horse battery staple\"}"
                .formatted(token))
        .json()
        .path("user")
        .path("id")
        .asString();
  }

  private static String tenant(Admin admin) {
    var key = "t-" + UUID.randomUUID();
    var _ = admin.create("/tenants", "{\"key\":\"%s\",\"name\":\"T\"}".formatted(key));
    return key;
  }
}
