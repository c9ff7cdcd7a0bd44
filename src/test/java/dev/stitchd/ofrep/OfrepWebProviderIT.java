package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.NodeScript;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// The real OpenFeature web provider, as browsers run it, on a whole server whose streams live two
/// seconds and whose clients come back after a tenth of one.
@Timeout(180)
class OfrepWebProviderIT {

  private static final Duration SOON = Patience.SOON;
  private static final String EVALUATE = "POST /ofrep/v1/evaluate/flags";
  private static final String STREAM = "GET /ofrep/v1/stream";

  private static Server server;
  private static Admin admin;

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_OFREP_STREAM_AGE", "PT2S",
                "STITCHD_STREAM_SHORTEST_RETRY", "PT0.1S",
                "STITCHD_STREAM_LONGEST_RETRY", "PT0.1S"));
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlagFrom(
        "web",
        "{\"key\":\"banner\",\"name\":\"Banner\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false},\"clientVisible\":true}");
    admin.createFlag("web", "gate");
    admin.createFlag("web", "hidden");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static Predicate<JsonNode> asked(String what) {
    return said -> said.path("asked").asString("").equals(what);
  }

  private static List<JsonNode> evaluations(NodeScript provider) {
    return provider.said().stream().filter(asked(EVALUATE)).toList();
  }

  private static void behindTheGate() {
    admin.changeTargeting(
        "web",
        "banner",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          targeting.putObject("default").put("variant", "on");
          targeting
              .putArray("prerequisites")
              .addObject()
              .put("flag", "gate")
              .putArray("variants")
              .add("on");
        });
  }

  @Test
  void itEvaluatesAnewOnAChangeAndOnlyWhenSomethingThatItCanSeeChanged() throws Exception {
    var key = admin.createSdkKey("web", "production", "client");
    try (var provider = NodeScript.run("ofrep-web.mjs", server.url(), key, "banner")) {
      assertThat(provider.await(said -> said.has("ready"), SOON).path("value").asBoolean())
          .isFalse();
      var stream = provider.await(asked(STREAM), SOON);
      assertThat(stream.path("status").asInt()).isEqualTo(200);
      assertThat(stream.path("authorized").asBoolean()).isFalse();
      // a node that begins to watch cannot be sure that nothing changed just before
      assertThat(provider.await(asked(EVALUATE), SOON).path("status").asInt()).isEqualTo(304);
      assertThat(evaluations(provider)).hasSize(2);

      // nothing that it can see, for longer than a stream lives
      for (int i = 0; i < 6; i++) {
        admin.serve("web", "hidden", "production", i % 2 == 0 ? "on" : "off");
        Thread.sleep(500);
      }
      var resumed = provider.await(asked(STREAM), SOON);
      assertThat(resumed.path("lastEventId").asString()).matches("[0-9a-f]{8}\\.[0-9]+");
      assertThat(evaluations(provider)).hasSize(2);

      behindTheGate(); // it can see that, though its value stays
      var first = provider.await(asked(EVALUATE), SOON);
      assertThat(first.path("status").asInt()).isEqualTo(200);
      assertThat(first.path("query").path("flagConfigEtag").asString())
          .matches("\"[0-9a-f]{8}\\.[0-9]+\"");
      assertThat(first.path("ifNoneMatch").asString()).isNotBlank();

      admin.serve("web", "gate", "production", "on"); // a flag that it cannot see and depends on
      var changed =
          provider.await(
              said ->
                  said.path("event").asString("").equals("PROVIDER_CONFIGURATION_CHANGED")
                      && said.path("value").asBoolean(),
              SOON);
      assertThat(changed.path("flags").get(0).asString()).isEqualTo("banner");
      assertThat(evaluations(provider)).hasSize(4);
    }
  }

  @Test
  void aRevokedKeyTakesItsStreamWithIt() {
    var keys = "/projects/web/environments/production/sdk-keys";
    var doomed = admin.send("POST", keys, "{\"name\":\"doomed\",\"kind\":\"client\"}").json();
    try (var provider =
        NodeScript.run("ofrep-web.mjs", server.url(), doomed.path("key").asString(), "banner")) {
      provider.await(said -> said.has("ready"), SOON);
      provider.await(asked(STREAM), SOON);
      var revoked =
          admin.send("DELETE", keys + "/" + doomed.path("id").asString() + "?force=true", "");
      assertThat(revoked.status()).isEqualTo(204);
      var refused =
          provider.await(asked(STREAM).and(said -> said.path("status").asInt() != 200), SOON);
      assertThat(refused.path("status").asInt()).isEqualTo(401);
    }
  }
}
