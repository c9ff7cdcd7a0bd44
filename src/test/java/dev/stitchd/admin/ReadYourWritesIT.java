package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Whoever was answered that something was written looks at once, on the same node, at every door.
class ReadYourWritesIT {

  private static final Duration SOON = Patience.SOON;
  private static final int TIMES = 40;

  private static Server server;

  private final String project = "p" + UUID.randomUUID().toString().substring(0, 8);
  private Admin admin;
  private Http http;
  private String key;

  @BeforeAll
  static void start() {
    server = Server.start();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @BeforeEach
  void project() {
    admin = server.admin();
    http = server.http();
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlag(project, "checkout");
    key = admin.createSdkKey(project, "production", "server");
    assertThat(config().status()).isEqualTo(200);
  }

  @Test
  void aChangedFlagIsSeenAtEveryDoor() {
    for (int i = 0; i < TIMES; i++) {
      var variant = i % 2 == 0 ? "on" : "off";
      var before = config().header("ETag").replace("\"", "");

      admin.serve(project, "checkout", "production", variant);

      switch (i % 5) {
        case 0 -> assertThat(served(config())).isEqualTo(variant);
        case 1 -> {
          var poll = http.get("/sdk/v1/config?wait=PT5S&since=" + before, "X-API-Key", key);
          assertThat(served(poll)).isEqualTo(variant);
        }
        case 2 -> {
          var one = evaluate("/ofrep/v1/evaluate/flags/checkout");
          assertThat(one.json().path("variant").asString()).isEqualTo(variant);
        }
        case 3 -> {
          var all = evaluate("/ofrep/v1/evaluate/flags");
          assertThat(all.json().at("/flags/0/variant").asString()).isEqualTo(variant);
        }
        default -> {
          try (var stream = server.stream(key)) {
            var first = stream.await(event -> event.name().equals("put"), SOON);
            assertThat(first.json().at("/flags/checkout/default/variant").asString())
                .isEqualTo(variant);
          }
        }
      }
    }
  }

  /// Streams that are open keep the node's event loops busy with the change that another begins
  /// with.
  @Test
  void aStreamThatBeginsAmongOthersBeginsWithWhatWasWritten() {
    var others = IntStream.range(0, 20).mapToObj(_ -> server.stream(key)).toList();
    try {
      others.forEach(other -> other.await(event -> event.name().equals("put"), SOON));
      for (int i = 0; i < TIMES; i++) {
        var variant = i % 2 == 0 ? "on" : "off";
        admin.serve(project, "checkout", "production", variant);
        try (var stream = server.stream(key)) {
          var first = stream.await(event -> event.name().equals("put"), SOON);
          assertThat(first.json().at("/flags/checkout/default/variant").asString())
              .isEqualTo(variant);
        }
      }
    } finally {
      others.forEach(SseClient::close);
    }
  }

  @Test
  void aKeyThatWasRevokedIsRefusedAndOneThatWasMadeIsNot() {
    for (int i = 0; i < TIMES / 2; i++) {
      var made =
          admin.send(
              "POST",
              "/projects/" + project + "/environments/production/sdk-keys",
              "{\"name\":\"k\",\"kind\":\"server\"}");
      var secret = made.json().path("key").asString();
      assertThat(http.get("/sdk/v1/config", "X-API-Key", secret).status()).isEqualTo(200);

      var revoked =
          admin.send(
              "DELETE",
              "/projects/"
                  + project
                  + "/environments/production/sdk-keys/"
                  + made.json().path("id").asString(),
              "");
      assertThat(revoked.status()).as(revoked.body()).isLessThan(300);

      assertThat(http.get("/sdk/v1/config", "X-API-Key", secret).status()).isEqualTo(401);
    }
  }

  @Test
  void anAllowedOriginIsAllowed() {
    var clientKey = admin.createSdkKey(project, "production", "client");
    for (int i = 0; i < TIMES / 2; i++) {
      var origin = "https://shop-" + i + ".example";
      var path = "/projects/" + project + "/environments/production";
      var changed =
          admin.send("PATCH", path, "{\"settings\":{\"allowedOrigins\":[\"" + origin + "\"]}}");
      assertThat(changed.status()).as(changed.body()).isEqualTo(200);

      var client =
          http.post(
              "/ofrep/v1/evaluate/flags",
              "{\"context\":{\"targetingKey\":\"u1\"}}",
              "Authorization",
              "Bearer " + clientKey,
              "Origin",
              origin);
      assertThat(client.header("Access-Control-Allow-Origin")).isEqualTo(origin);
    }
  }

  @Test
  void membersAreOnTheirList() {
    var segments = "/projects/" + project + "/environments/production/segments";
    var made = admin.send("POST", segments, "{\"key\":\"vip\",\"name\":\"VIP\"}");
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    for (int i = 0; i < TIMES / 2; i++) {
      var member = "user-" + i;
      var added = admin.send("POST", segments + "/vip/members", "{\"keys\":[\"" + member + "\"]}");
      assertThat(added.status()).as(added.body()).isLessThan(300);

      var answer =
          http.post(
              "/sdk/v1/segments/membership",
              "{\"contextType\":\"user\",\"segments\":[\"vip\"],\"keys\":[\"" + member + "\"]}",
              "X-API-Key",
              key);
      assertThat(answer.body()).contains("\"" + member + "\":[\"vip\"]");
    }
  }

  @Test
  void theFirstMembersOfASegmentAreOnItsListForEveryoneWhoAsks() {
    for (int i = 0; i < TIMES / 4; i++) {
      var segment = "first-" + i;
      var flag = "of-" + segment;
      var segments = "/projects/" + project + "/environments/production/segments";
      admin.createSegment(
          project, "production", "{\"key\":\"%s\",\"name\":\"First\"}".formatted(segment));
      admin.createFlag(project, flag);
      admin.changeTargeting(
          project,
          flag,
          "production",
          targeting -> {
            targeting.put("enabled", true);
            targeting.putObject("default").put("variant", "off");
            var rule = targeting.putArray("rules").addObject().put("id", "members");
            rule.putObject("when").put("segment", segment);
            rule.putObject("serve").put("variant", "on");
          });

      admin.create(segments + "/" + segment + "/members", "{\"keys\":[\"u1\"]}");

      assertThat(evaluate("/ofrep/v1/evaluate/flags/" + flag).json().path("variant").asString())
          .isEqualTo("on");
      var asked = "{\"contextType\":\"user\",\"keys\":[\"u1\"]}";
      var answer = http.post("/sdk/v1/segments/membership", asked, "X-API-Key", key);
      assertThat(answer.body()).contains("\"" + segment + "\"");
    }
  }

  @Test
  void aDeletedEnvironmentsKeyIsRefused() {
    var deleted =
        admin.send(
            "DELETE", "/projects/" + project + "/environments/production", "", "If-Match", "*");
    assertThat(deleted.status()).as(deleted.body()).isLessThan(300);

    assertThat(List.of(config().status(), evaluate("/ofrep/v1/evaluate/flags").status()))
        .containsExactly(401, 401);
  }

  private Http.Answer config() {
    return http.get("/sdk/v1/config", "X-API-Key", key);
  }

  private Http.Answer evaluate(String path) {
    return http.post(path, "{\"context\":{\"targetingKey\":\"u1\"}}", "X-API-Key", key);
  }

  private static String served(Http.Answer config) {
    return config.json().at("/flags/checkout/default/variant").asString();
  }
}
