package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `?atLeast=<cursor>`: who knows of a revision gets it or a newer one from any node.
@Timeout(180)
class AtLeastIT {

  private static final int LOOKS = 20;
  private static final String CONTEXT = "{\"context\":{\"targetingKey\":\"ann\"}}";

  private static Server server;
  private static Admin admin;
  private static String key;

  @BeforeAll
  static void start() {
    server = Server.start();
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    key = admin.createSdkKey("web", "production", "server");
    admin.createFlag("web", "checkout");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void anotherNodeAnswersWithAtLeastTheRevisionThatItIsAskedFor() {
    try (var other = Server.on(server.postgres(), server.clickHouse(), Map.of())) {
      for (int i = 0; i < LOOKS; i++) {
        var variant = i % 2 == 0 ? "on" : "off";
        admin.serve("web", "checkout", "production", variant);
        var cursor = cursor();
        var config = other.http().get("/sdk/v1/config?atLeast=" + cursor, "X-API-Key", key);
        assertThat(config.json().at("/flags/checkout/default/variant").asString())
            .isEqualTo(variant);
        admin.serve("web", "checkout", "production", other(variant));
        cursor = cursor();
        var one = evaluated(other, "/checkout?atLeast=" + cursor);
        assertThat(one.json().path("variant").asString()).isEqualTo(other(variant));
        admin.serve("web", "checkout", "production", variant);
        cursor = cursor();
        var all = evaluated(other, "?atLeast=" + cursor);
        assertThat(all.json().at("/flags/0/variant").asString()).isEqualTo(variant);
      }
    }
  }

  @Test
  void whatNoNodeHasYetIsRefusedAsBehind() {
    var cursor = cursor();
    var later = cursor.substring(0, 9) + (Long.parseLong(cursor.substring(9)) + 1_000);
    for (var answer :
        List.of(
            config("?atLeast=" + later),
            evaluated(server, "?atLeast=" + later),
            evaluated(server, "/checkout?atLeast=" + later))) {
      assertThat(answer.status()).as(answer.body()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).isEqualTo("1");
    }
    assertThat(config("?atLeast=" + later).json().path("code").asString()).isEqualTo("behind");
  }

  @Test
  void aCursorOfAnotherHistoryAsksForNothing() {
    for (var nothing : List.of("00000000.999", "999", "", "x")) {
      assertThat(config("?atLeast=" + nothing).status()).isEqualTo(200);
      assertThat(evaluated(server, "?atLeast=" + nothing).status()).isEqualTo(200);
    }
  }

  private static Http.Answer config(String query) {
    return server.http().get("/sdk/v1/config" + query, "X-API-Key", key);
  }

  private static Http.Answer evaluated(Server node, String flag) {
    return node.http().post("/ofrep/v1/evaluate/flags" + flag, CONTEXT, "X-API-Key", key);
  }

  private static String cursor() {
    return config("").header("ETag").replace("\"", "");
  }

  private static String other(String variant) {
    return variant.equals("on") ? "off" : "on";
  }
}
