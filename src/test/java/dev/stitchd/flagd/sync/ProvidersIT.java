package dev.stitchd.flagd.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.NodeScript;
import dev.stitchd.dev.PythonScript;
import dev.stitchd.dev.ScriptProcess;
import dev.stitchd.dev.Server;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.rollout.Bucketing;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// The real providers evaluate flag sets by themselves, hear of changes, and come back to a server
/// that was restarted.
@Timeout(180)
class ProvidersIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Map<String, String> QUICK = Map.of("STITCHD_DRAIN", "PT0.2S");

  @Test
  void providersEvaluateHearOfChangesAndComeBack() {
    boolean python = PythonScript.isThere();
    try (var server = Server.start(QUICK)) {
      var admin = server.admin();
      admin.createProject("shop");
      admin.createEnvironment("shop", "production");
      var key = admin.createSdkKey("shop", "production", "server");
      admin.createFlag("shop", "split");
      admin.createFlag("shop", "rule");
      var bucketed = rollout(admin);
      var rule = rule("starts-with-u", "u");
      admin.patch(targeting("rule"), rule);
      var port = String.valueOf(server.grpcPort());
      try (var split = NodeScript.run("flagd-sync.mjs", port, key, "split", "user-1");
          ScriptProcess other =
              python
                  ? PythonScript.run("flagd_sync.py", port, key, "rule", "u1")
                  : NodeScript.run("flagd-sync.mjs", port, key, "rule", "u1")) {
        assertThat(variant(split.await(said -> said.has("ready"), PATIENCE))).isEqualTo(bucketed);
        assertThat(variant(other.await(said -> said.has("ready"), PATIENCE))).isEqualTo("on");

        admin.serve("shop", "split", "production", "on");
        admin.patch(targeting("rule"), rule("starts-with-x", "x"));

        split.await(gives("on"), PATIENCE);
        other.await(gives("off"), PATIENCE);

        server.stop();
        try (var again =
            Server.on(
                server.postgres(),
                server.clickHouse(),
                Map.of("STITCHD_GRPC_PORT", port, "STITCHD_DRAIN", "PT0.2S"))) {
          again.admin().serve("shop", "split", "production", "off");
          again.admin().patch(targeting("rule"), rule);

          split.await(gives("off"), PATIENCE);
          other.await(gives("on"), PATIENCE);
        }
      }
    }
    Assumptions.assumeTrue(
        python, "Python 3.10 with venv is missing: its flagd provider was not tried");
  }

  /// @return what the provider's user gets
  private static String rollout(Admin admin) {
    admin.patch(
        targeting("split"),
        "{\"enabled\":true,\"default\":{\"variant\":null,\"rollout\":{\"weights\":{\"on\":50,\"off\":50}}}}");
    var rollout = admin.targeting("shop", "split", "production").at("/default/rollout");
    int left = Bucketing.bucket(rollout.get("salt").stringValue(), "user-1");
    for (var slot : rollout.get("slots")) {
      left -= slot.get(1).intValue();
      if (left < 0) {
        return slot.get(0).stringValue();
      }
    }
    throw new AssertionError("no slot: " + rollout);
  }

  private static String rule(String id, String start) {
    var body = Json.object().put("enabled", true);
    var rule = body.putArray("rules").addObject().put("id", id);
    rule.putObject("when")
        .put("attribute", "targetingKey")
        .put("op", "startsWith")
        .putArray("values")
        .add(start);
    rule.putObject("serve").put("variant", "on");
    return Json.write(body);
  }

  private static String targeting(String flag) {
    return "/projects/shop/flags/" + flag + "/environments/production";
  }

  private static Predicate<JsonNode> gives(String variant) {
    return said -> variant(said).equals(variant) && said.path("errorCode").asString().isEmpty();
  }

  private static String variant(JsonNode said) {
    return said.path("variant").asString("");
  }
}
