package dev.stitchd.delivery.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Spool and dead letters of whole servers, with the real store behind them.
class SpoolIT {

  private static final Duration PATIENCE = Patience.SOON;
  private static OwnClickHouse clickHouse;

  @TempDir Path data;

  private final Clock clock = Clock.systemUTC();

  @BeforeAll
  static void ownClickHouse() {
    clickHouse = OwnClickHouse.started();
  }

  @AfterAll
  static void close() {
    clickHouse.close();
  }

  private Server server(String postgres, String events, Map<String, String> settings) {
    var all = new java.util.HashMap<>(settings);
    all.put("STITCHD_DATA_DIR", data.toString());
    return Server.on(postgres, events, all);
  }

  private static String withKey(Server server) {
    server.admin().createProject("web");
    server.admin().createEnvironment("web", "production");
    return server.admin().createSdkKey("web", "production", "server");
  }

  private static long account(Server server, String name) {
    return server
        .admin()
        .get("/projects/web/environments/production/events/account")
        .path(name)
        .asLong(-1);
  }

  private static void awaitUp(Server server) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(server.http().get("/health/ready").json().path("degraded").isEmpty())
                .isTrue());
  }

  private List<String> files(String folder) throws IOException {
    try (Stream<Path> files = Files.list(data.resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void fileOfAnEarlierVersionWithFewerColumnsIsInserted() throws IOException {
    var events = clickHouse.freshDatabase().url();
    var environment = Events.environment();
    var ids = List.of(UUID.randomUUID(), UUID.randomUUID());
    Files.createDirectories(data.resolve("spool"));
    var file = new SpooledBatch(early(environment, ids), clock.instant()).bytes();
    var name = "%019d-of-an-earlier-version-1".formatted(41);
    Files.write(data.resolve("spool").resolve(name), file);
    Files.write(data.resolve("spool").resolve("%019d-broken-1".formatted(40)), new byte[9]);

    try (var server = server(Stores.shared().freshPostgres().url(), events, Map.of())) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(files("spool")).containsExactly("%019d-broken-1.corrupt".formatted(40)));
      assertThat(
              StoreUrl.of(events)
                  .query(
                      "SELECT id, flag, variant, reason, source FROM evaluation_events WHERE environment_id = '%s' ORDER BY flag"
                          .formatted(environment)))
          .containsExactly(
              ids.get(0) + "\tf0\ton\t\tserver_sdk", ids.get(1) + "\tf1\ton\t\tserver_sdk");
      assertThatThrownBy(() -> server(server.postgres(), server.clickHouse(), Map.of()))
          .rootCause()
          .hasMessageContaining("in use by another Stitchd");
    }
  }

  /// As a version would have written it that knew five columns.
  private EncodedBatch early(EnvironmentId environment, List<UUID> ids) {
    var data = new ByteArrayOutputStream();
    var ends = new int[ids.size()];
    for (int i = 0; i < ends.length; i++) {
      var row = ByteBuffer.allocate(46).order(ByteOrder.LITTLE_ENDIAN);
      for (var uuid : List.of(environment.value(), ids.get(i))) {
        row.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
      }
      row.putLong(clock.millis()).put((byte) 2).put((byte) 'f').put((byte) ('0' + i));
      row.put((byte) 2).put((byte) 'o').put((byte) 'n');
      data.write(row.array(), 0, row.position());
      ends[i] = data.size();
    }
    return new EncodedBatch(
        "of-an-earlier-version-1",
        "evaluation_events",
        List.of("environment_id", "id", "at", "flag", "variant"),
        0,
        ends,
        data.toByteArray());
  }

  @Test
  void fullSpoolRefusesAndNothingAcknowledgedIsLost() throws IOException {
    var events = clickHouse.freshDatabase().url();
    var settings =
        Map.of(
            "STITCHD_SPOOL_SIZE", "20KB",
            "STITCHD_EVENTS_QUEUE_EVENTS", "200",
            "STITCHD_EVENTS_BATCH_WAIT", "5ms",
            "STITCHD_EVENTS_DURABLE_WAIT", "300ms");
    try (var server = server(Stores.shared().freshPostgres().url(), events, settings)) {
      var key = withKey(server);
      awaitUp(server);
      clickHouse.kill();
      var acknowledged = new HashSet<UUID>();
      var sent = new HashSet<UUID>();
      var refusals = new ArrayList<Http.Answer>();
      while (refusals.size() < 8) {
        var ids = Stream.generate(UUID::randomUUID).limit(40).toList();
        sent.addAll(ids);
        var answer = send(server, key, ids);
        if (answer.status() == 202) {
          acknowledged.addAll(ids);
        } else {
          refusals.add(answer);
        }
      }
      assertThat(acknowledged).hasSizeBetween(120, 280);
      assertThat(refusals)
          .allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("Retry-After")).matches("[1-9][0-9]*");
          });
      assertThat(refusals.getLast().json().path("detail").asString()).contains("queue is full");
      assertThat(account(server, "spooled")).isEqualTo(acknowledged.size());
      assertThat(account(server, "inFlight")).isBetween(160L, 200L);
      assertThat(account(server, "refused")).isPositive();
      clickHouse.start();

      await().atMost(PATIENCE).untilAsserted(() -> assertBalanced(server, 0, 0));
      var stored = stored(events);
      assertThat(stored).containsAll(acknowledged);
      assertThat(sent).containsAll(stored);
      assertThat(account(server, "stored")).isEqualTo(stored.size());
      assertThat(account(server, "accepted") + account(server, "refused")).isEqualTo(sent.size());
      assertThat(files("spool")).isEmpty();
    }
  }

  @Test
  void shutdownSpoolsWhatClickHouseDoesNotTakeAndTheNextStartStoresIt() throws IOException {
    var events = clickHouse.freshDatabase().url();
    var postgres = Stores.shared().freshPostgres().url();
    var ids = Stream.generate(UUID::randomUUID).limit(500).toList();
    EnvironmentId environment;
    try (var server = server(postgres, events, Map.of("STITCHD_EVENTS_BATCH_WAIT", "5s"))) {
      withKey(server);
      awaitUp(server);
      environment = environment(server);
      clickHouse.kill();
      for (var id : ids) {
        server.bean(EventQueue.class).record(event(environment, id));
      }
      assertThat(account(server, "inFlight")).isEqualTo(500);
    }
    assertThat(files("spool")).isNotEmpty();
    clickHouse.start();
    try (var server = server(postgres, events, Map.of())) {
      await().atMost(PATIENCE).untilAsserted(() -> assertBalanced(server, 500, 0));
      assertThat(stored(events)).isEqualTo(new HashSet<>(ids));
      assertThat(account(server, "recovered")).isEqualTo(500);
    }
  }

  @Test
  void deadLetterSaysWhyAndCanBeInsertedOnceTheCauseIsMended() throws IOException {
    var events = clickHouse.freshDatabase().url();
    try (var server = server(Stores.shared().freshPostgres().url(), events, Map.of())) {
      withKey(server);
      awaitUp(server);
      var environment = environment(server);
      var bad = Events.count(environment, clock.instant(), 0);
      var good = Events.count(environment, clock.instant(), 7);
      server.bean(EventQueue.class).record(bad);
      server.bean(EventQueue.class).record(good);
      await().atMost(PATIENCE).untilAsserted(() -> assertBalanced(server, 0, 1));

      var line =
          Json.parseOwn(Files.readString(data.resolve("dead").resolve(files("dead").getFirst())));
      assertThat(line.path("id").asString()).isEqualTo(bad.id().toString());
      assertThat(line.path("environment").asString()).isEqualTo(environment.toString());
      assertThat(line.path("reason").asString()).contains("count_is_positive");
      var store = StoreUrl.of(events);
      store.query("ALTER TABLE flag_counts DROP CONSTRAINT count_is_positive");
      // as docs/operations.md says
      store.query(
          """
          INSERT INTO flag_counts (environment_id, id, at, received_at, source, flag, variant, count)
          SELECT * FROM format(RowBinary, 'environment_id UUID, id UUID, at DateTime64(3), received_at DateTime64(3), source Int8, flag String, variant String, count Int64', base64Decode('%s'))
          """
              .formatted(line.path("row").asString()));
      assertThat(store.query("SELECT id, count FROM flag_counts ORDER BY count"))
          .containsExactly(bad.id() + "\t0", good.id() + "\t7");
    }
  }

  @Test
  void accountTellsWhatWasNeverAcceptedApartAndOnlyOfItsEnvironment() {
    var settings = Map.of("STITCHD_NODE", "node-7");
    try (var server =
        server(Stores.shared().freshPostgres().url(), clickHouse.freshDatabase().url(), settings)) {
      var key = withKey(server);
      server.admin().createEnvironment("web", "staging");
      awaitUp(server);
      var twice = UUID.randomUUID();
      var answer = send(server, key, List.of(twice, UUID.randomUUID(), twice));
      assertThat(answer.status()).isEqualTo(202);
      var bad = server.http().post("/sdk/v1/events", "[{},{}]", "Authorization", "Bearer " + key);
      assertThat(bad.status()).isEqualTo(202);

      var account = server.admin().get("/projects/web/environments/production/events/account");
      assertThat(account.path("node").asString()).isEqualTo("node-7");
      assertThat(account.path("since").asString()).endsWith("Z");
      assertThat(account.path("counted").asBoolean()).isTrue();
      assertThat(account.path("accepted").asLong()).isEqualTo(2);
      assertThat(account.path("stored").asLong()).isEqualTo(2);
      assertThat(account.path("duplicate").asLong()).isEqualTo(1);
      assertThat(account.path("rejected").asLong()).isEqualTo(2);
      var other = server.admin().get("/projects/web/environments/staging/events/account");
      assertThat(other.path("counted").asBoolean()).isTrue();
      assertThat(other.path("accepted").asLong(-1)).isZero();
      assertThat(other.path("rejected").asLong(-1)).isZero();
      assertThat(
              server
                  .admin()
                  .send("GET", "/projects/web/environments/nowhere/events/account", "")
                  .status())
          .isEqualTo(404);
    }
  }

  private static void assertBalanced(Server server, long recovered, long dead) {
    assertThat(account(server, "spooled")).isZero();
    assertThat(account(server, "inFlight")).isZero();
    assertThat(account(server, "recovered")).isEqualTo(recovered);
    assertThat(account(server, "dead")).isEqualTo(dead);
    assertThat(account(server, "accepted") + recovered).isEqualTo(account(server, "stored") + dead);
  }

  private EnvironmentId environment(Server server) {
    return new EnvironmentId(
        UUID.fromString(
            server.admin().get("/projects/web/environments/production").path("id").asString()));
  }

  private Event event(EnvironmentId environment, UUID id) {
    var now = clock.instant();
    return new Event.Evaluation(
        environment,
        id,
        now,
        now,
        Event.Source.STITCHD,
        "f",
        "on",
        null,
        null,
        "user",
        "u",
        Map.of());
  }

  private Http.Answer send(Server server, String key, List<UUID> ids) {
    var body =
        ids.stream()
            .map(id ->
                "{\"type\":\"evaluation\",\"id\":\"%s\",\"at\":\"%s\",\"flag\":\"f\",\"variant\":\"on\",\"context\":{\"targetingKey\":\"u\"}}"
                    .formatted(id, clock.instant()))
            .collect(java.util.stream.Collectors.joining(",", "[", "]"));
    return server.http().post("/sdk/v1/events", body, "Authorization", "Bearer " + key);
  }

  private static Set<UUID> stored(String database) {
    var ids = new HashSet<UUID>();
    StoreUrl.of(database)
        .query("SELECT id FROM evaluation_events")
        .forEach(id -> assertThat(ids.add(UUID.fromString(id))).isTrue());
    return ids;
  }
}
