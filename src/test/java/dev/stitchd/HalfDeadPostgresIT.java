package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Connections to PostgreSQL that stay open and carry nothing: one node reaches it by a proxy that
/// swallows, delays and resets, another one reaches it as ever and makes the changes.
@LongRunning
@Timeout(180)
class HalfDeadPostgresIT {

  private static final Duration HEALED = Patience.withinSeconds(8);
  private static final Duration LONGEST_WAIT = Patience.withinSeconds(4);
  private static final Duration REVOKED = Patience.withinSeconds(2);
  private static final Duration NOTICED = Patience.withinSeconds(15);
  private static final int POOLED = 8;
  private static final Duration SOON = Patience.withinSeconds(10);

  private static StoreProxy proxy;
  private static Server node;
  private static Server other;
  private static LogLines log;
  private static int projects;

  private String project;
  private String key;

  /// A request and how long its answer took.
  private record Timed(String answer, int status, long since, Duration took) {

    /// How long it was waited for after a moment.
    Duration after(long moment) {
      return took.minusNanos(Math.max(0, moment - since));
    }
  }

  @BeforeAll
  static void nodes() {
    var postgres = Stores.shared().freshPostgres().url();
    var clickHouse = Stores.shared().freshClickHouse().url();
    proxy = StoreProxy.to(postgres);
    other = Server.on(postgres, clickHouse, Map.of());
    node = Server.on(proxy.url(), clickHouse, Map.of("STITCHD_SNAPSHOT_LOG", "1"));
    log = LogLines.of(node);
  }

  @AfterAll
  static void stop() {
    log.close();
    node.close();
    other.close();
    proxy.close();
  }

  @AfterEach
  void heal() {
    proxy.pass();
    proxy.delay(Duration.ZERO);
    await()
        .atMost(Patience.SOON)
        .until(() -> degraded(node).isEmpty() && config(node, key).status() == 200);
    for (var words :
        List.of("Connection Error", "onErrorDropped", "nobody could be told any more")) {
      assertThat(log.with(words)).as(words).isZero();
    }
  }

  private void installation() {
    project = "web" + projects++;
    other.admin().createProject(project);
    other.admin().createEnvironment(project, "production");
    other.admin().createFlag(project, "checkout");
    key = other.admin().createSdkKey(project, "production", "server");
    assertThat(config(node, key).status()).isEqualTo(200);
    other
        .admin()
        .createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\",\"list\":true}");
  }

  /// They were away for longer than the node remembers removals.
  @Test
  void whoComesBackFromLongAgoIsSentEverythingWithoutWaitingForWhatDoesNotAnswer() {
    installation();
    var away = "away" + projects;
    other.admin().createProject(away);
    other.admin().createEnvironment(away, "production");
    var awayKey = other.admin().createSdkKey(away, "production", "server");
    var cursor = config(other, awayKey).header("ETag").replace("\"", "");
    for (var flag : List.of("a", "b", "c", "d")) {
      other.admin().createFlag(away, flag);
    }
    assertThat(config(node, awayKey).status()).isEqualTo(200);

    proxy.swallowAll();
    long begun = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      var answer = node.http().get("/sdk/v1/config?since=" + cursor, "X-API-Key", awayKey);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().has("since")).as("not a patch").isFalse();
      assertThat(answer.json().path("flags").has("d")).isTrue();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(SOON);
  }

  /// They were told of a change by the other node, and come to this one, which cannot hear of it.
  @Test
  void whoWasToldOfAChangeElsewhereIsAnsweredNothingOlder() throws Exception {
    installation();
    var page = "/ofrep/v1/evaluate/flags";
    var stream = other.http().post(page, "{}", "X-API-Key", key).json().at("/eventStreams/0");
    var address = node.url() + stream.at("/endpoint/requestUri").asString();
    proxy.swallowAll();
    serveOn();
    var there = other.http().post(page, "{}", "X-API-Key", key);
    assertThat(there.json().at("/flags/0/variant").asString()).isEqualTo("on");
    var cursor = config(other, key).header("ETag").replace("\"", "");

    var told = "?flagConfigEtag=%22" + cursor + "%22";
    for (var flags : List.of(page + told, page + "/checkout" + told)) {
      var here =
          node.http().post(flags, "{}", "X-API-Key", key, "If-None-Match", there.header("ETag"));
      assertThat(here.status()).as(here.body()).isEqualTo(503);
      assertThat(here.header("Retry-After")).isEqualTo("1");
    }
    try (var here = SseClient.open(address, "Last-Event-ID", cursor)) {
      assertThat(here.await(event("current"), SOON).id()).isEqualTo(cursor);
    }
    proxy.pass();
    await()
        .atMost(HEALED)
        .untilAsserted(() -> {
          var healed = node.http().post(page + told, "{}", "X-API-Key", key);
          assertThat(healed.status()).isEqualTo(200);
          assertThat(healed.json().at("/flags/0/variant").asString()).isEqualTo("on");
        });
  }

  @Test
  void whatANetworkHasForgottenIsNoticedWithinSecondsWhereNewConnectionsWork() {
    installation();
    var revoked = newKey();
    assertThat(config(node, revoked.key()).status()).isEqualTo(200);
    try (var stream = node.stream(revoked.key());
        var staying = node.stream(key);
        var traffic = new Traffic(requests(node));
        var sound = new Traffic(requests(other))) {
      stream.await(event("put"), SOON);
      staying.await(event("put"), SOON);
      traffic.awaitRounds(2);
      sound.awaitRounds(2);

      proxy.swallowExisting();
      long swallowed = System.nanoTime();

      revoke(revoked);
      serveOn();
      var made = newKey();
      await()
          .atMost(HEALED)
          .untilAsserted(() -> {
            assertThat(config(node, revoked.key()).status()).isEqualTo(401);
            assertThat(stream.ended()).isTrue();
            assertThat(config(node, made.key()).status()).isEqualTo(200);
            assertThat(variant(node, key)).isEqualTo("on");
            assertThat(management().status()).isEqualTo(200);
            assertThat(metrics(node).status()).isEqualTo(200);
          });
      assertThat(stream.await(event("goodbye"), SOON).json().path("reason").asString())
          .isEqualTo("key-revoked");
      staying.await(
          event -> event.name().equals("patch") && event.data().contains("checkout"), SOON);
      traffic.awaitRounds(3);
      sound.awaitRounds(3);
      // what the same requests take meanwhile where all connections are sound is the machine's
      var machine = sound.slowest(swallowed).after(swallowed);
      var slowest = traffic.slowest(swallowed);
      assertThat(slowest.after(swallowed))
          .as("with up to %s elsewhere: %s", machine, slowest.answer())
          .isLessThan(LONGEST_WAIT.plus(machine));
    }
  }

  /// Asked side by side, as many at once as the pool has connections, so that each begins on a
  /// connection that has just been used and is believed.
  @Test
  void noKindOfStatementWaitsForLongOnAConnectionThatCarriesNothing() {
    installation();
    var requests = requests(node);
    for (int first = 0; first < requests.size(); first += POOLED) {
      var some = requests.subList(first, Math.min(first + POOLED, requests.size()));
      assertThat(sideBySide(some)).allMatch(HalfDeadPostgresIT::isGood);

      proxy.swallowExisting();

      assertThat(sideBySide(some)).allMatch(answer -> answer.took().compareTo(LONGEST_WAIT) < 0);
      await()
          .atMost(HEALED)
          .untilAsserted(() -> assertThat(sideBySide(some)).allMatch(HalfDeadPostgresIT::isGood));
    }
  }

  /// None of them is believed any more, so all that are asked for prove themselves, side by side.
  @Test
  void noRequestFailsOnConnectionsThatWereIdleWhenTheyCeasedToCarryAnything() {
    installation();
    var some = requests(node).subList(0, POOLED);
    assertThat(sideBySide(some)).allMatch(HalfDeadPostgresIT::isGood);
    var idle = System.nanoTime() + Duration.ofMillis(1_500).toNanos();
    proxy.swallowExisting();
    await().atMost(Patience.SOON).until(() -> System.nanoTime() > idle);

    assertThat(sideBySide(some))
        .allMatch(HalfDeadPostgresIT::isGood)
        .allMatch(answer -> answer.took().compareTo(LONGEST_WAIT) < 0);
  }

  @Test
  void aKeyIsRevokedWithinTwoSecondsWhileOnlyTheConnectionThatListensCarriesNothing() {
    installation();
    var revoked = newKey();
    assertThat(config(node, revoked.key()).status()).isEqualTo(200);
    try (var stream = node.stream(revoked.key())) {
      stream.await(event("put"), SOON);
      assertThat(proxy.swallowExisting("stitchd-listener")).isEqualTo(1);

      revoke(revoked);
      serveOn();

      await()
          .atMost(REVOKED)
          .untilAsserted(() -> {
            assertThat(config(node, revoked.key()).status()).isEqualTo(401);
            assertThat(stream.ended()).isTrue();
            assertThat(variant(node, key)).isEqualTo("on");
          });
    }
  }

  @Test
  void withoutAnyPathTheNodeSaysSoAndServesTheKeysItKnows() {
    installation();
    var unknown = newKey().key();
    var strict =
        Server.on(proxy.url(), node.clickHouse(), Map.of("STITCHD_ACCESS_UNCONFIRMED", "PT5S"));
    assertThat(config(strict, key).status()).isEqualTo(200);
    timed(() -> management()); // a connection that was just used
    proxy.swallowAll();

    var management = timed(this::management);
    var stranger = timed(() -> config(node, unknown));
    assertThat(management.status()).isEqualTo(503);
    assertThat(management.took()).isLessThan(SOON);
    assertThat(stranger.status()).isEqualTo(503);
    assertThat(stranger.took()).isLessThan(SOON);
    await()
        .atMost(NOTICED)
        .untilAsserted(() ->
            assertThat(degraded(node))
                .contains("postgresql", "sdk-keys-unconfirmed", "snapshots-unconfirmed"));
    assertThat(config(strict, key).status()).as("a key that may have been revoked").isEqualTo(503);
    var write =
        timed(() -> node.admin().send("POST", "/projects", "{\"key\":\"late\",\"name\":\"Late\"}"));
    assertThat(write.status()).isEqualTo(503);
    assertThat(write.took()).isLessThan(SOON);
    assertThat(config(node, key).status()).isEqualTo(200);
    assertThat(variant(node, key)).isEqualTo("off");

    proxy.pass();
    await()
        .atMost(HEALED)
        .untilAsserted(() -> {
          assertThat(degraded(node)).isEmpty();
          assertThat(management().status()).isEqualTo(200);
          assertThat(config(node, unknown).status()).isEqualTo(200);
          assertThat(config(strict, key).status()).isEqualTo(200);
        });
    strict.close();
  }

  @Test
  void slowAnswersAreNoReasonToRefuseAnything() {
    installation();
    proxy.delay(Duration.ofMillis(50));
    for (var request : requests(node)) {
      var answer = timed(request);
      assertThat(answer.status()).as(answer.answer()).isBetween(200, 299);
    }
  }

  @Test
  void connectionsThatAreResetCostOneRequestAtMost() {
    installation();
    for (int i = 0; i < 5; i++) {
      timed(this::management);
      proxy.reset();
      timed(this::management);
      assertThat(timed(this::management).status()).isEqualTo(200);
    }
  }

  /// A request for each kind of thing that is asked of PostgreSQL.
  private List<Supplier<Http.Answer>> requests(Server server) {
    var admin = server.admin();
    var environment = "/projects/" + project + "/environments/production";
    return List.of(
        () -> admin.send("GET", "/projects/" + project, ""),
        () -> admin.send("GET", "/projects", ""),
        () -> admin.send("GET", "/projects/" + project + "/flags", ""),
        () -> admin.send("GET", environment, ""),
        () -> admin.send("GET", environment + "/sdk-keys", ""),
        () -> admin.send("GET", environment + "/segments", ""),
        () -> admin.send("GET", environment + "/propagation", ""),
        () -> admin.send("GET", environment + "/stats/evaluations?flag=checkout", ""),
        () ->
            admin.send(
                "PATCH",
                "/projects/" + project + "/flags/checkout/environments/production",
                "{\"enabled\":true}"),
        () -> admin.send("POST", environment + "/sdk-keys", "{\"name\":\"a\",\"kind\":\"server\"}"),
        () -> admin.send("POST", environment + "/segments/vip/members", "{\"keys\":[\"u1\"]}"),
        () ->
            admin.send(
                "POST",
                environment + "/evaluate",
                "{\"flag\":\"checkout\",\"context\":{\"targetingKey\":\"u1\"}}"),
        () -> metrics(server),
        () -> config(server, key),
        () -> server.http().get("/health/ready"));
  }

  private void serveOn() {
    var _ =
        other
            .admin()
            .patch(
                "/projects/" + project + "/flags/checkout/environments/production",
                "{\"enabled\":true,\"default\":{\"variant\":\"on\"}}");
  }

  private Http.Answer management() {
    return node.admin().send("GET", "/projects/" + project, "");
  }

  private static Http.Answer metrics(Server server) {
    return server.http().get("/metrics", "Authorization", "Bearer " + Server.TOKEN);
  }

  private record NewKey(String id, String key) {}

  private NewKey newKey() {
    var made =
        other
            .admin()
            .create(
                "/projects/" + project + "/environments/production/sdk-keys",
                "{\"name\":\"another\",\"kind\":\"server\"}");
    return new NewKey(made.path("id").asString(), made.path("key").asString());
  }

  private void revoke(NewKey key) {
    var answer =
        other
            .admin()
            .send(
                "DELETE",
                "/projects/" + project + "/environments/production/sdk-keys/" + key.id(),
                "");
    assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
  }

  private static boolean isGood(Timed answer) {
    return answer.status() >= 200 && answer.status() < 300;
  }

  private static List<Timed> sideBySide(List<Supplier<Http.Answer>> requests) {
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var underway =
          requests.stream().map(request -> callers.submit(() -> timed(request))).toList();
      callers.close(); // waits for all
      return underway.stream().map(Future::resultNow).toList();
    }
  }

  private static Timed timed(Supplier<Http.Answer> request) {
    long since = System.nanoTime();
    var answer = request.get();
    return new Timed(
        answer.body(), answer.status(), since, Duration.ofNanos(System.nanoTime() - since));
  }

  private static Http.Answer config(Server server, String key) {
    return server.http().get("/sdk/v1/config", "X-API-Key", key);
  }

  private static String variant(Server server, String key) {
    return server
        .http()
        .post(
            "/ofrep/v1/evaluate/flags/checkout",
            "{\"context\":{\"targetingKey\":\"u1\"}}",
            "X-API-Key",
            key)
        .json()
        .path("variant")
        .asString();
  }

  private static Set<String> degraded(Server server) {
    var answer = server.http().get("/health/ready");
    assertThat(answer.status()).isEqualTo(200);
    var stores = new HashSet<String>();
    answer.json().get("degraded").forEach(store -> stores.add(store.stringValue()));
    return stores;
  }

  private static java.util.function.Predicate<SseClient.Event> event(String name) {
    return event -> event.name().equals(name);
  }

  /// Several callers who send one request after the other.
  private static final class Traffic implements AutoCloseable {
    private final AtomicBoolean running = new AtomicBoolean(true);
    private final Queue<Timed> answers = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();

    Traffic(List<Supplier<Http.Answer>> requests) {
      for (var request : requests) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  while (running.get()) {
                    answers.add(timed(request));
                    LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
                  }
                }));
      }
    }

    /// Waits until so many more answers have come as there are callers, times `rounds`.
    void awaitRounds(int rounds) {
      int enough = answers.size() + rounds * threads.size();
      await().atMost(Duration.ofSeconds(30)).until(() -> answers.size() >= enough);
    }

    Timed slowest(long moment) {
      return answers.stream()
          .max(Comparator.comparing(answer -> answer.after(moment)))
          .orElseThrow();
    }

    @Override
    public void close() {
      running.set(false);
      threads.forEach(thread -> {
        try {
          thread.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    }
  }
}
