package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.ListMembers;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// PostgreSQL is killed: lists cannot be asked, and everything else goes on.
class ListOutageIT {

  private static final Duration HEALS_WITHIN = Patience.withinSeconds(10);
  private static final Duration ANSWER_WITHIN = Duration.ofMillis(400);
  private static final String ANN = "{\"context\":{\"targetingKey\":\"ann\"}}";

  @Test
  void withoutPostgresListsAreUnknownAnswersDegradedAndNobodyIsCountedAsExposed() {
    try (var postgres = OwnPostgres.started();
        var server =
            Server.on(
                postgres.freshDatabase().url(),
                Stores.shared().freshClickHouse().url(),
                Map.of("STITCHD_MEMBERSHIP_ANSWER_WITHIN", ANSWER_WITHIN.toString()))) {
      var key = prepared(server);
      await()
          .atMost(HEALS_WITHIN)
          .untilAsserted(() -> assertThat(evaluate(server, key).body()).contains("\"on\""));
      var exposed = metric(server, "stitchd_decide_degraded_total");

      postgres.kill();

      for (int i = 0; i < 10; i++) {
        var start = System.nanoTime();
        var answer = evaluate(server, key);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isLessThan(Patience.within(ANSWER_WITHIN.plusMillis(600)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().get("variant").stringValue()).isEqualTo("off");
        assertThat(answer.json().at("/metadata/degraded").booleanValue()).isTrue();
      }
      var all = server.http().post("/ofrep/v1/evaluate/flags", ANN, "X-API-Key", key);
      assertThat(all.json().at("/flags/0/metadata/degraded").booleanValue()).isTrue();
      assertThat(metric(server, "stitchd_decide_degraded_total") - exposed).isEqualTo(11);
      assertThat(
              metric(server, "stitchd_membership_queries_seconds_count{outcome=\"failed\"}")
                  + metric(server, "stitchd_membership_queries_seconds_count{outcome=\"late\"}"))
          .isEqualTo(11);
      var refused =
          server
              .http()
              .post("/sdk/v1/segments/membership", "{\"keys\":[\"ann\"]}", "X-API-Key", key);
      assertThat(refused.status()).as(refused.body()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).matches("[1-9][0-9]*");

      postgres.start();

      await()
          .atMost(HEALS_WITHIN)
          .untilAsserted(() -> {
            var answer = evaluate(server, key);
            assertThat(answer.json().get("variant").stringValue()).isEqualTo("on");
            assertThat(answer.json().at("/metadata/degraded").isMissingNode()).isTrue();
          });
    }
  }

  private static String prepared(Server server) {
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    admin.createFlag("web", "listed");
    admin.changeTargeting(
        "web",
        "listed",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          var rule = targeting.putArray("rules").addObject().put("id", "vip");
          rule.putObject("when").put("segment", "vip");
          rule.putObject("serve").put("variant", "on");
        });
    ListMembers.of(server, "web", "production").include("vip", "ann");
    return admin.createSdkKey("web", "production", "server");
  }

  private static Http.Answer evaluate(Server server, String key) {
    return server.http().post("/ofrep/v1/evaluate/flags/listed", ANN, "X-API-Key", key);
  }

  private static double metric(Server server, String name) {
    // the token is known by now, so this needs no store
    return server
        .http()
        .get("/metrics", "Authorization", "Bearer " + Server.TOKEN)
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }
}
