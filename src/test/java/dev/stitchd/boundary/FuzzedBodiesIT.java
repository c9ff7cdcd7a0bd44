package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Bodies that were made of those of the description by chance, to every operation that takes one:
/// the server never fails, and no refusal tells what it is made of.
///
/// Each request has a seed, which a failure tells; `-Dstitchd.fuzz-seed=` begins with it, and
/// `-Dstitchd.fuzz=` says how many there are.
class FuzzedBodiesIT {

  private static final int REQUESTS = Integer.getInteger("stitchd.fuzz", 1_500);
  private static final long SEED = Long.getLong("stitchd.fuzz-seed", System.nanoTime());
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Names of classes and libraries, statements, stacks.
  private static final Pattern INSIDES =
      Pattern.compile(
          "\\b(?:java|javax|org|io|com|tools|reactor|dev)\\.[a-z]\\w*\\.\\w|Exception|\\bSELECT\\b|\\bINSERT INTO\\b|\\bat dev\\.|\\$\\d|Caused by|Jackson|Netty|R2DBC|r2dbc|NullPointer|ClassCast");

  private static final List<String> CODINGS =
      List.of("gzip", "zstd", "br", "identity", "gzip, gzip");

  private static final List<String> TYPES =
      List.of(
          "text/plain",
          "application/xml",
          "application/json;charset=utf-16",
          "application/json; charset=nonsense",
          "multipart/form-data; boundary=x",
          "application/merge-patch+json",
          "application/x-ndjson",
          "text/csv",
          ";;;",
          "");

  private static Server server;
  private static HttpClient client;
  private static List<DescribedOperation> operations;
  private static Map<String, String> there;
  private static String key;

  private record Sent(long seed, DescribedOperation operation, String type, byte[] body) {
    @Override
    public String toString() {
      var text = new String(body, 0, Math.min(body.length, 2_000));
      return "-Dstitchd.fuzz-seed=%d: %s (%s) %s".formatted(seed, operation, type, text);
    }
  }

  @BeforeAll
  static void start() {
    server = Server.start();
    client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    operations =
        DescribedOperation.of(server.http().get("/openapi.json").json()).stream()
            .filter(one -> one.operation().has("requestBody"))
            .toList();
    there = new TreeMap<>();
    there.put("tenant", "default");
    there.put("project", "web");
    there.put("environment", "production");
    there.put("flag", "checkout");
    there.put("key", "checkout");
    there.put("segment", "vip");
    there.put("event", "purchase");
    there.put("revision", "1");
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    admin.createSegment(
        "web", "production", "{\"key\":\"vip\",\"name\":\"VIP\",\"contextType\":\"user\"}");
    admin.create(
        "/projects/web/environments/production/event-definitions",
        "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    key = admin.createSdkKey("web", "production", "server");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void noBodyMakesTheServerFailOrTellWhatItIsMadeOf() throws Exception {
    var wrong = new ArrayList<String>();
    var statuses = new TreeMap<Integer, Integer>();
    var taken = new TreeSet<String>();
    for (int i = 0; i < REQUESTS && wrong.size() < 10; i++) {
      var mutations = new BodyMutations(SEED + i);
      var operation = mutations.any(operations);
      var examples = new ArrayList<>(operation.examples().entrySet());
      var example = mutations.any(examples);
      var body = mutations.mutated(example.getValue());
      var type = mutations.once(15) ? mutations.any(TYPES) : example.getKey();
      var sent = new Sent(SEED + i, operation, type, body);
      var answer = answer(sent, mutations);
      statuses.merge(answer.statusCode(), 1, Integer::sum);
      if (answer.statusCode() < 300) {
        taken.add(operation.toString());
      }
      var fault = fault(operation, answer);
      if (fault != null) {
        wrong.add(sent + "\n  → " + answer.statusCode() + " " + answer.body() + "\n  " + fault);
      }
    }
    assertThat(wrong).as("statuses %s", statuses).isEmpty();
    assertThat(statuses).as("from seed %s on", SEED).containsKeys(200, 400, 415, 422);
    assertThat(taken).as("some of what chance made is taken").hasSizeGreaterThan(5);
    assertThat(server.http().get("/health/ready").status()).isEqualTo(200);
  }

  private static HttpResponse<String> answer(Sent sent, BodyMutations mutations)
      throws InterruptedException {
    var operation = sent.operation();
    var path = operation.path(there).replaceAll("\\{[a-z]+}", UUID.randomUUID().toString());
    var request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .timeout(Duration.ofSeconds(30))
            .method(operation.method(), HttpRequest.BodyPublishers.ofByteArray(sent.body()))
            .header("Authorization", "Bearer " + (operation.isOfManagement() ? Server.TOKEN : key));
    if (!sent.type().isEmpty()) {
      request.header("Content-Type", sent.type());
    }
    if (!mutations.once(8)) {
      request.header("If-Match", "*");
    }
    if (mutations.once(20)) {
      request.header("Content-Encoding", mutations.any(CODINGS));
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(sent.toString(), e);
    }
  }

  private static String fault(DescribedOperation operation, HttpResponse<String> answer) {
    if (INSIDES.matcher(answer.body()).find()) {
      return "tells what the server is made of";
    }
    if (answer.statusCode() < 400) {
      return null;
    }
    var type = answer.headers().firstValue("Content-Type").orElse("");
    boolean ofrep = operation.pattern().startsWith("/ofrep/") && type.equals("application/json");
    if (!ofrep && !type.equals("application/problem+json")) {
      return "is of the type " + type;
    }
    JsonNode body;
    try {
      body = JSON.readTree(answer.body());
    } catch (RuntimeException e) {
      return "is no JSON: " + e;
    }
    if (answer.statusCode() >= 500
        && !(answer.statusCode() == 503
            && body.hasNonNull("code")
            && answer.headers().firstValue("Retry-After").isPresent())) {
      return "fails";
    }
    if (ofrep ? !body.path("errorCode").isString() : !body.path("code").isString()) {
      return "has no code";
    }
    return null;
  }
}
