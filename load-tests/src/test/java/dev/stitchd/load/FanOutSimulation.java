package dev.stitchd.load;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.dummy;
import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.foreach;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;
import static io.gatling.javaapi.core.CoreDsl.pace;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.header;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.sse;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.http.action.sse.SseInboundMessage;
import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/// N clients hold `/sdk/v1/stream` while one flag changes per second. In the report, "a revision
/// reaches a client" is one entry per client and revision: the time from *before* the change's
/// request was sent (its transaction is included) to the message's arrival. A revision that a
/// client never got is an error under the same name.
///
/// System properties: `url`, `token` (or `STITCHD_BOOTSTRAP_TOKEN`), `clients` (500), `seconds`
/// (30).
public final class FanOutSimulation extends Simulation {

  private static final String FLAG = "f";
  private static final String REACHED = "a revision reaches a client";

  /// Gatling hands over an event as a JSON object whose `data` is a string, so the quote inside it
  /// is escaped.
  private static final Pattern REVISION = Pattern.compile("revision\\\\?\"\\s*:\\s*(\\d+)");

  private static final int CLIENTS_PER_KEY = 4_500;
  private static final int CONNECTS_PER_SECOND = 500;

  private final String url = System.getProperty("url", "http://127.0.0.1:8080");
  private final String token =
      System.getProperty("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
  private final int clients = Integer.getInteger("clients", 500);
  private final int seconds = Integer.getInteger("seconds", 30);
  private final int ramp = Math.ceilDiv(clients, CONNECTS_PER_SECOND);

  private final Management management = Management.createProject(url, token);
  private final List<String> keys;

  /// When the change that made a revision was sent, in milliseconds since the epoch.
  private final Map<Long, Long> sent = new ConcurrentHashMap<>();

  private final AtomicLong firstRevision = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong lastRevision = new AtomicLong();
  private final AtomicInteger nextClient = new AtomicInteger();

  {
    management.stringFlag(FLAG, 0);
    keys = management.serverKeys(Math.ceilDiv(clients, CLIENTS_PER_KEY));
    setUp(
            clients().injectOpen(rampUsers(clients).during(ramp)),
            editor().injectOpen(nothingFor(Duration.ofSeconds(ramp + 2L)), atOnceUsers(1)))
        .protocols(protocol())
        .assertions(global().failedRequests().count().is(0L));
  }

  @Override
  public void after() {
    management.close();
  }

  private HttpProtocolBuilder protocol() {
    return http.baseUrl(url)
        .disableFollowRedirect()
        .sseUnmatchedInboundMessageBufferSize(seconds + 10);
  }

  private ScenarioBuilder clients() {
    return scenario("clients")
        .exec(session -> session.set("key", keyOf(nextClient.getAndIncrement())))
        .exec(
            sse("open the stream")
                .get("/sdk/v1/stream")
                .header("Authorization", "Bearer #{key}")
                .header("Accept", "text/event-stream"))
        .exec(
            during(Duration.ofSeconds(ramp + seconds + 5L))
                .on(pause(1), sse.processUnmatchedMessages(this::noteArrivals), report()))
        .exec(this::noteMissing)
        .exec(foreach("#{missing}", "revision").on(dummy(REACHED, 0).withSuccess(false)))
        .exec(sse("close the stream").close());
  }

  private ChainBuilder report() {
    return foreach("#{latencies}", "latency").on(dummy(REACHED, "#{latency}"));
  }

  private ScenarioBuilder editor() {
    return scenario("editor")
        .exec(
            during(Duration.ofSeconds(seconds))
                .on(
                    pace(1),
                    exec(session -> session.set("sent", System.currentTimeMillis())),
                    exec(
                        http("change a flag")
                            .patch(management.targetingPath(FLAG))
                            .header("Authorization", "Bearer " + token)
                            .header("If-Match", "*")
                            .header("Content-Type", "application/json")
                            .body(StringBody(this::change))
                            .check(status().is(200))
                            .check(header("Stitchd-Revision").saveAs("revisions"))),
                    exec(this::noteChange)));
  }

  private String keyOf(int client) {
    return keys.get(client % keys.size());
  }

  private String change(Session session) {
    var variant = sent.size() % 2 == 0 ? "b" : "a";
    return "{\"enabled\":true,\"default\":{\"variant\":\"" + variant + "\"}}";
  }

  private Session noteChange(Session session) {
    if (session.isFailed()) {
      return session;
    }
    var revision = Long.parseLong(session.getString("revisions").replaceAll(".*=", ""));
    sent.put(revision, session.getLong("sent"));
    firstRevision.accumulateAndGet(revision, Math::min);
    lastRevision.accumulateAndGet(revision, Math::max);
    return session;
  }

  /// An event may carry several revisions; all up to its own arrive with it. An event that overtook
  /// the answer to its change waits in the session for the next look.
  private Session noteArrivals(List<SseInboundMessage> messages, Session session) {
    List<Arrival> waiting = session.contains("waiting") ? session.get("waiting") : List.of();
    var arrivals = new ArrayList<>(waiting);
    for (var message : messages) {
      var revision = REVISION.matcher(message.message());
      if (revision.find()) {
        arrivals.add(new Arrival(Long.parseLong(revision.group(1)), message.timestamp()));
      }
    }
    var seen = session.contains("seen") ? session.getLong("seen") : 0;
    var latencies = new ArrayList<Integer>();
    var early = new ArrayList<Arrival>();
    for (var arrival : arrivals) {
      if (arrival.revision > lastRevision.get()) {
        early.add(arrival);
        continue;
      }
      for (var r = Math.max(seen + 1, firstRevision.get()); r <= arrival.revision; r++) {
        var from =
            sent.get(r); // absent if the change was refused: an error of its own in the report
        if (from != null) {
          latencies.add((int) Math.max(0, arrival.at - from));
        }
      }
      seen = Math.max(seen, arrival.revision);
    }
    return session.set("waiting", early).set("seen", seen).set("latencies", latencies);
  }

  private Session noteMissing(Session session) {
    var missing = new ArrayList<Long>();
    for (var r = Math.max(session.getLong("seen") + 1, firstRevision.get());
        r <= lastRevision.get();
        r++) {
      missing.add(r);
    }
    return session.set("missing", missing);
  }

  /// @param revision the newest one that the event carries
  /// @param at when it arrived, in milliseconds since the epoch
  private record Arrival(long revision, long at) {}
}
