package dev.stitchd.load;

import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.regex;
import static io.gatling.javaapi.core.CoreDsl.rendezVous;
import static io.gatling.javaapi.core.CoreDsl.repeat;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.sse;

import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// Connect rate and storm: N clients open `/sdk/v1/stream` at a steady rate ("connect"), then all
/// of them drop at once and come back within one to five seconds ("come back"), some times over.
/// Each entry in the report lasts until the first state has arrived.
///
/// System properties: `url`, `token` (or `STITCHD_BOOTSTRAP_TOKEN`), `clients` (500), `rate`
/// connects per second (250), `storms` (3).
public final class StormSimulation extends Simulation {

  private static final int CLIENTS_PER_KEY = 4_500;

  private final String url = System.getProperty("url", "http://127.0.0.1:8080");
  private final String token =
      System.getProperty("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
  private final int clients = Integer.getInteger("clients", 500);
  private final int rate = Integer.getInteger("rate", 250);
  private final int storms = Integer.getInteger("storms", 3);

  private final Management management = Management.createProject(url, token);
  private final List<String> keys;
  private final AtomicInteger nextClient = new AtomicInteger();

  {
    management.stringFlag("f", 0);
    keys = management.serverKeys(Math.ceilDiv(clients, CLIENTS_PER_KEY));
    setUp(clients().injectOpen(rampUsers(clients).during(Math.ceilDiv(clients, rate))))
        .protocols(protocol())
        .assertions(global().failedRequests().count().is(0L));
  }

  @Override
  public void after() {
    management.close();
  }

  private HttpProtocolBuilder protocol() {
    return http.baseUrl(url).disableFollowRedirect();
  }

  private ScenarioBuilder clients() {
    return scenario("clients")
        .exec(session -> session.set("key", keys.get(nextClient.getAndIncrement() % keys.size())))
        .exec(open("connect"))
        .exec(repeat(storms).on(storm()))
        .exec(sse("close").close());
  }

  private ChainBuilder storm() {
    return rendezVous(clients)
        .exec(sse("drop").close())
        .pause(Duration.ofSeconds(1), Duration.ofSeconds(5))
        .exec(open("come back"));
  }

  private ChainBuilder open(String name) {
    return exec(sse(name)
            .get("/sdk/v1/stream")
            .header("Authorization", "Bearer #{key}")
            .header("Accept", "text/event-stream")
            .await(20)
            .on(
                sse.checkMessage(name + ": first state")
                    .matching(substring("revision")) // the first message of all is the retry time
                    .check(regex("revision"))))
        .exec(pause(Duration.ofMillis(100)));
  }
}
