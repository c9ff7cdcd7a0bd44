package dev.stitchd.load;

import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.repeat;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.header;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;

/// Clients that poll `/sdk/v1/config` on keep-alive connections: one miss (an outdated ETag, 200
/// with the whole configuration), then several hits (the current ETag, 304), for ever.
///
/// System properties: `url`, `token` (or `STITCHD_BOOTSTRAP_TOKEN`), `clients` (50), `seconds`
/// (30), `hits` per miss (9), `pause` between two polls in milliseconds (0), `flags` in the
/// configuration (40, about 20 KB).
public final class PollingSimulation extends Simulation {

  private final String url = System.getProperty("url", "http://127.0.0.1:8080");
  private final String token =
      System.getProperty("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
  private final int clients = Integer.getInteger("clients", 50);
  private final int seconds = Integer.getInteger("seconds", 30);
  private final int hits = Integer.getInteger("hits", 9);
  private final int pause = Integer.getInteger("pause", 0);
  private final int flags = Integer.getInteger("flags", 40);

  private final Management management = Management.createProject(url, token);
  private final String key;

  {
    for (var i = 0; i < flags; i++) {
      management.booleanFlag("flag-" + i);
    }
    key = management.serverKeys(1).getFirst();
    setUp(pollers().injectOpen(atOnceUsers(clients)))
        .protocols(protocol())
        .assertions(global().failedRequests().count().is(0L));
  }

  @Override
  public void after() {
    management.close();
  }

  private HttpProtocolBuilder protocol() {
    return http.baseUrl(url)
        .disableCaching() // the ETags are sent by hand, so that hits and misses are apart in the
        // report
        .disableFollowRedirect()
        .header("Authorization", "Bearer " + key);
  }

  private ScenarioBuilder pollers() {
    return scenario("pollers")
        .exec(
            during(Duration.ofSeconds(seconds))
                .on(
                    exec(
                        http("miss: 200")
                            .get("/sdk/v1/config")
                            .header("If-None-Match", "\"00000000.0\"")
                            .check(status().is(200))
                            .check(header("ETag").saveAs("etag"))),
                    pause(Duration.ofMillis(pause)),
                    repeat(hits)
                        .on(
                            exec(
                                http("hit: 304")
                                    .get("/sdk/v1/config")
                                    .header("If-None-Match", "#{etag}")
                                    .check(status().is(304))),
                            pause(Duration.ofMillis(pause)))));
  }
}
