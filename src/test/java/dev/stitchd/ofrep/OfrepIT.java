package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.ErrorCode;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.Value;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/// The OFREP door of a whole server, through the real Java provider and raw HTTP.
class OfrepIT {

  private static final String FLAGS = "/ofrep/v1/evaluate/flags";
  private static final Duration PATIENCE = Patience.SOON;

  private static Server server;
  private static Admin admin;
  private static String serverKey;
  private static String clientKey;
  private static OfrepProvider provider;

  @BeforeAll
  static void start() {
    server = Server.start();
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    serverKey = admin.createSdkKey("web", "production", "server");
    clientKey = admin.createSdkKey("web", "production", "client");
    flag("bool", "boolean", "{\"on\":true,\"off\":false}", false, "on");
    flag("text", "string", "{\"a\":\"Grüße 🎉\",\"b\":\"\"}", true, "a");
    flag("whole", "integer", "{\"ten\":10,\"most\":2147483647}", false, "ten");
    flag("real", "number", "{\"ten\":10,\"tenth\":0.1}", false, "ten");
    flag("tree", "json", "{\"o\":{\"a\":[1,2.5,null],\"b\":{\"c\":\"d\"}},\"l\":[]}", false, "o");
    flag("gate", "boolean", "{\"on\":true,\"off\":false}", false, "on");
    flag("public", "boolean", "{\"on\":true,\"off\":false}", true, "off");
    admin.changeTargeting(
        "web",
        "public",
        "production",
        targeting -> {
          targeting
              .putArray("prerequisites")
              .addObject()
              .put("flag", "gate")
              .putArray("variants")
              .add("on");
          rule(
              targeting,
              "pro",
              "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"pro\"]}",
              "on");
        });
    provider = provider(serverKey);
    await(() ->
        assertThat(one("public", serverKey, "{\"context\":{\"plan\":\"pro\"}}").status())
            .isEqualTo(200));
    await(() ->
        assertThat(one("public", serverKey, "{\"context\":{\"plan\":\"pro\"}}").body())
            .contains("\"variant\":\"on\""));
  }

  @AfterAll
  static void stop() {
    provider.shutdown();
    server.stop();
  }

  private static void flag(
      String key, String type, String variants, boolean clientVisible, String given) {
    admin.createFlagFrom(
        "web",
        "{\"key\":\"%s\",\"name\":\"%s\",\"type\":\"%s\",\"variants\":%s,\"clientVisible\":%s}"
            .formatted(key, key, type, variants, clientVisible));
    admin.serve("web", key, "production", given);
  }

  private static void rule(ObjectNode targeting, String id, String when, String variant) {
    var rule = targeting.putArray("rules").addObject().put("id", id);
    rule.set("when", dev.stitchd.kernel.Json.parseOwn(when));
    rule.putObject("serve").put("variant", variant);
  }

  private static OfrepProvider provider(String key) {
    return OfrepProvider.constructProvider(
        OfrepProviderOptions.builder()
            .baseUrl(server.url())
            .headers(ImmutableMap.of("Authorization", ImmutableList.of("Bearer " + key)))
            .build());
  }

  private static Http.Answer one(String flag, String key, String body) {
    return server.http().post(FLAGS + "/" + flag, body, "X-API-Key", key);
  }

  private static Http.Answer all(String key, String body, String... headers) {
    var withKey = new String[headers.length + 2];
    System.arraycopy(headers, 0, withKey, 2, headers.length);
    withKey[0] = "Authorization";
    withKey[1] = "Bearer " + key;
    return server.http().post(FLAGS, body, withKey);
  }

  private static void await(Runnable check) {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        check.run();
        return;
      } catch (AssertionError e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Test
  void javaProviderGetsAllFiveTypes() {
    var user = new ImmutableContext("u1", Map.of("plan", new Value("pro")));
    var bool = provider.getBooleanEvaluation("bool", false, user);
    assertThat(bool.getValue()).isTrue();
    assertThat(bool.getVariant()).isEqualTo("on");
    assertThat(bool.getReason()).isEqualTo("STATIC");
    assertThat(bool.getErrorCode()).isNull();
    assertThat(provider.getStringEvaluation("text", "", user).getValue()).isEqualTo("Grüße 🎉");
    assertThat(provider.getIntegerEvaluation("whole", 0, user).getValue()).isEqualTo(10);
    var real = provider.getDoubleEvaluation("real", 0.0, user);
    assertThat(real.getErrorCode()).isNull();
    assertThat(real.getValue()).isEqualTo(10.0, within(0.0));
    var tree = provider.getObjectEvaluation("tree", new Value(), user).getValue().asStructure();
    assertThat(tree.getValue("a").asList()).hasSize(3);
    assertThat(tree.getValue("b").asStructure().getValue("c").asString()).isEqualTo("d");
  }

  @Test
  void ruleMatchNamesItsRuleInTheMetadata() {
    var user = new ImmutableContext("u1", Map.of("plan", new Value("pro")));
    var evaluation = provider.getBooleanEvaluation("public", false, user);
    assertThat(evaluation.getValue()).isTrue();
    assertThat(evaluation.getReason()).isEqualTo("TARGETING_MATCH");
    assertThat(evaluation.getFlagMetadata().getString("ruleId")).isEqualTo("pro");
  }

  @Test
  void javaProviderUnderstandsEveryRefusal() {
    var nobody = new ImmutableContext();
    var unknown = provider.getBooleanEvaluation("nothing", true, nobody);
    assertThat(unknown.getValue()).isTrue();
    assertThat(unknown.getErrorCode()).isEqualTo(ErrorCode.FLAG_NOT_FOUND);
    var wrongType = provider.getBooleanEvaluation("text", true, nobody);
    assertThat(wrongType.getErrorCode()).isEqualTo(ErrorCode.TYPE_MISMATCH);
    var stranger = provider("sdk_srv_" + "0".repeat(40));
    var refused = stranger.getBooleanEvaluation("bool", false, nobody);
    stranger.shutdown();
    assertThat(refused.getErrorCode()).isEqualTo(ErrorCode.GENERAL);
  }

  @Test
  void clientKeySeesOnlyVisibleFlagsAndTheirHiddenPrerequisitesStillDecide() {
    var visible = all(clientKey, "{\"context\":{\"plan\":\"pro\"}}").json();
    assertThat(visible.path("flags").findValuesAsString("key")).containsExactly("public", "text");
    assertThat(visible.path("flags").get(0).path("variant").asString()).isEqualTo("on");
    assertThat(one("bool", clientKey, "{}").status()).isEqualTo(404);
    assertThat(one("bool", clientKey, "{}").body())
        .contains("FLAG_NOT_FOUND")
        .isEqualTo(one("nothing", clientKey, "{}").body().replace("nothing", "bool"));
    assertThat(
            one("public", clientKey, "{\"context\":{\"plan\":\"pro\"}}")
                .json()
                .path("value")
                .asBoolean())
        .isTrue();
    assertThat(all(serverKey, "{}").json().path("flags").findValuesAsString("key"))
        .containsExactly("bool", "gate", "public", "real", "text", "tree", "whole");
  }

  @Test
  void bulkAnswerIsNotSentTwiceAndChangesWithContextAndKey() {
    var first = all(serverKey, "{\"context\":{\"plan\":\"free\"}}");
    assertThat(first.status()).isEqualTo(200);
    var metadata = first.json().path("metadata");
    assertThat(metadata.path("environment").asString()).isEqualTo("production");
    assertThat(metadata.path("revision").asLong()).isPositive();
    var again =
        all(serverKey, "{\"context\":{\"plan\":\"free\"}}", "If-None-Match", first.header("ETag"));
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(again.header("ETag")).isEqualTo(first.header("ETag"));
    assertThat(
            all(
                    serverKey,
                    "{\"context\":{\"plan\":\"pro\"}}",
                    "If-None-Match",
                    first.header("ETag"))
                .status())
        .isEqualTo(200);
    assertThat(
            all(
                    clientKey,
                    "{\"context\":{\"plan\":\"free\"}}",
                    "If-None-Match",
                    first.header("ETag"))
                .status())
        .isEqualTo(200);
  }

  @Test
  void wrongAndMissingKeysAreToldInJson() {
    for (var answer :
        new Http.Answer[] {
          server.http().post(FLAGS + "/bool", "{}"),
          one("bool", "sdk_srv_wrong", "{}"),
          one("bool", Server.TOKEN, "{}")
        }) {
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("Content-Type")).isEqualTo("application/json");
      assertThat(answer.json().path("errorDetails").asString()).isNotBlank();
      assertThat(answer.json().path("key").asString()).isEqualTo("bool");
    }
  }

  @Test
  void brokenBodiesAreToldPrecisely() {
    assertThat(one("bool", serverKey, "{\"context\":").json().path("errorCode").asString())
        .isEqualTo("PARSE_ERROR");
    assertThat(
            one("bool", serverKey, "{\"context\":" + "{\"a\":".repeat(200) + "1" + "}".repeat(201))
                .json()
                .path("errorCode")
                .asString())
        .isEqualTo("INVALID_CONTEXT");
    var large = one("bool", serverKey, "{\"context\":{\"a\":\"" + "x".repeat(10 << 20) + "\"}}");
    assertThat(large.status()).isEqualTo(413);
    assertThat(large.json().path("key").asString()).isEqualTo("bool");
    assertThat(one("bool", serverKey, "").status()).isEqualTo(200);
  }

  @Test
  void browserMayAskAndIsHeldToTheAllowedOrigins() {
    var preflight =
        server
            .http()
            .send(
                "OPTIONS",
                FLAGS,
                "",
                "Origin",
                "https://shop.example",
                "Access-Control-Request-Method",
                "POST");
    assertThat(preflight.status()).isEqualTo(204);
    assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("*");
    var allowed = all(clientKey, "{}", "Origin", "https://shop.example");
    assertThat(allowed.status()).isEqualTo(200);
    assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
    assertThat(all(serverKey, "{}", "Origin", "https://shop.example").status()).isEqualTo(403);
  }

  @Test
  void revokedKeyStopsWorkingWithinSeconds() {
    var doomed =
        admin
            .send(
                "POST",
                "/projects/web/environments/production/sdk-keys",
                "{\"name\":\"doomed\",\"kind\":\"server\"}")
            .json();
    var key = doomed.path("key").asString();
    assertThat(one("bool", key, "{}").status()).isEqualTo(200);
    var revoked =
        admin.send(
            "DELETE",
            "/projects/web/environments/production/sdk-keys/" + doomed.path("id").asString(),
            "");
    assertThat(revoked.status()).isEqualTo(204);
    await(() -> assertThat(one("bool", key, "{}").status()).isEqualTo(401));
    assertThat(one("bool", serverKey, "{}").status()).isEqualTo(200);
  }
}
