package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.PgBouncer;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.StoreUrl;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A node that may read from a real streaming standby, which lags, dies, is promoted, or belongs to
/// a primary that was restored.
@LongRunning
@Timeout(120)
class ReplicaIT {

  private static final Duration SOON = Patience.SOON;
  private static final Duration LAG = Duration.ofSeconds(2);
  private static final String NO_EVENTS = "http://default@127.0.0.1:1/none";
  private static final String MEMBERS =
      "/projects/web/environments/production/segments/vip/members";

  private static OwnPostgres primary;
  private static String database;
  private static Server other;
  private static String key;
  private static OwnPostgres standby;
  private static StoreProxy way;
  private static Server node;
  private static int made;

  @BeforeAll
  static void start() {
    primary = OwnPostgres.started();
    database = primary.freshDatabase().url();
    other = Server.on(database, NO_EVENTS, Map.of());
    other.admin().createProject("web");
    other.admin().createEnvironment("web", "production");
    other.admin().createFlag("web", "checkout");
    other.admin().createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    key = other.admin().createSdkKey("web", "production", "server");
    standby = primary.copied();
    standby.follow(primary);
    way = StoreProxy.to(onStandby());
    node =
        Server.on(
            database,
            NO_EVENTS,
            Map.of("STITCHD_POSTGRES_READ_URL", way.url(), "STITCHD_POSTGRES_READ_LAG", "2s"));
    add(other, "ann");
  }

  @AfterAll
  static void stop() {
    node.close();
    other.close();
    way.close();
    standby.close();
    primary.close();
  }

  @BeforeEach
  void theReplicaIsRead() {
    awaitReplica(true);
  }

  @AfterEach
  void replay() {
    var _ =
        StoreUrl.of(standby.url()).query("SELECT pg_wal_replay_resume() WHERE pg_is_in_recovery()");
  }

  @Test
  void lookUpsAreReadFromTheReplica() {
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          double before = reads("replica");
          assertThat(isMember(node, "ann")).isTrue();
          assertThat(reads("replica")).isGreaterThan(before);
        });
    assertThat(
            StoreUrl.of(onStandby())
                .query(
                    "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'stitchd-replica' AND usename = 'postgres' AND query LIKE '%segment_list_members%'"))
        .containsExactly("t");
  }

  @Test
  void whatWasWrittenOnANodeIsSeenThereAtOnceHoweverFarTheReplicaIs() {
    for (int i = 0; i < 20; i++) {
      if (i == 10) {
        pauseReplay();
      }
      add(node, "own" + i);
      assertThat(isMember(node, "own" + i)).as("member %s", i).isTrue();
    }
  }

  @Test
  void aReplicaIsReadNoLongerThanItMayBeBehind() {
    pauseReplay();
    add(other, "late");
    await().atMost(Patience.within(LAG)).until(() -> isMember(node, "late"));
    awaitReplica(false);
    assertThat(isMember(node, "late")).isTrue();

    var _ = StoreUrl.of(standby.url()).query("SELECT pg_wal_replay_resume()");
    awaitReplica(true);
    assertThat(isMember(node, "late")).isTrue();
  }

  @Test
  void aFirstLoadFromAReplicaThatIsBehindIsTheNewestState() {
    var environment = "fresh" + made++;
    other.admin().createEnvironment("web", environment);
    var itsKey = other.admin().createSdkKey("web", environment, "server");
    other.admin().serve("web", "checkout", environment, "off");
    awaitReplay();
    pauseReplay();
    other.admin().serve("web", "checkout", environment, "on");
    double before = reads("replica");

    var answer = node.http().get("/sdk/v1/config", "Authorization", "Bearer " + itsKey);

    assertThat(answer.json().at("/flags/checkout/default/variant").asString()).isEqualTo("on");
    assertThat(answer.header("ETag"))
        .isEqualTo(
            other.http().get("/sdk/v1/config", "Authorization", "Bearer " + itsKey).header("ETag"));
    assertThat(reads("replica")).isGreaterThan(before);
  }

  @Test
  void aFirstLoadFromAReplicaThatIsBehindHasTheNewestSettings() {
    var environment = "fresh" + made++;
    other.admin().createEnvironment("web", environment);
    var itsKey = other.admin().createSdkKey("web", environment, "client");
    awaitReplay();
    pauseReplay();
    other
        .admin()
        .patch(
            "/projects/web/environments/" + environment,
            "{\"settings\":{\"allowedOrigins\":[\"https://shop.example\"]}}");

    var answer =
        node.http()
            .post(
                "/ofrep/v1/evaluate/flags",
                "{\"context\":{\"targetingKey\":\"u1\"}}",
                "Authorization",
                "Bearer " + itsKey,
                "Origin",
                "https://shop.example");

    assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
  }

  @Test
  void throughAPoolerOfTransactionsEachLookUpIsComparedToo() {
    try (var pooler =
            PgBouncer.before(
                onStandby(),
                "pool_mode = transaction",
                "default_pool_size = 6",
                "ignore_startup_parameters = extra_float_digits");
        var server =
            Server.on(
                database,
                NO_EVENTS,
                Map.of("STITCHD_POSTGRES_READ_URL", pooler.url(onStandby())))) {
      await().atMost(SOON).until(() -> isMember(server, "ann") && reads(server, "replica") > 0);
      pauseReplay();
      add(server, "pooled");
      assertThat(isMember(server, "pooled")).isTrue();
    }
  }

  @Test
  void whatTheReplicaDoesNotHaveIsReadFromThePrimary() {
    pauseReplay();
    var environment = "fresh" + made++;
    other.admin().createEnvironment("web", environment);
    var itsKey = other.admin().createSdkKey("web", environment, "server");
    assertThat(node.http().get("/sdk/v1/config", "Authorization", "Bearer " + itsKey).status())
        .isEqualTo(200);
  }

  @Test
  void aReplicaThatDiesOrSaysNothingIsMissedByNobody() {
    standby.kill();
    assertThat(isMember(node, "ann")).isTrue();
    awaitReplica(false);
    assertThat(isMember(node, "ann")).isTrue();
    standby.start();
    awaitReplica(true);

    way.swallowAll();
    assertThat(isMember(node, "ann")).isTrue();
    awaitReplica(false);
    assertThat(isMember(node, "ann")).isTrue();
    way.pass();
    way.reset();
    awaitReplica(true);
  }

  @Test
  void aPromotedReplicaIsNotRead() {
    var _ = StoreUrl.of(standby.url()).query("SELECT pg_promote()");
    awaitReplica(false);
    var _ = StoreUrl.of(onStandby()).query("DELETE FROM segment_list_members");
    assertThat(isMember(node, "ann")).isTrue();
    replaceStandby();
  }

  @Test
  void aReplicaOfWhatWasRestoredAwayIsNotRead() {
    try (var backup = primary.copied()) {
      add(other, "ghost");
      awaitReplay();
      await().atMost(SOON).until(() -> isMember(node, "ghost"));
      primary.startWithDataOf(backup);
    }
    await().atMost(SOON).until(() -> answers(node) && !isMember(node, "ghost"));
    // The primary's log gets past all that the replica has, and then past the lag.
    var _ = StoreUrl.of(database).query("SELECT pg_switch_wal()");
    for (int i = 0; i < 30; i++) {
      assertThat(isMember(node, "ghost")).isFalse();
      pause();
    }
    awaitReplica(false);
    replaceStandby();
  }

  private static void replaceStandby() {
    standby.close();
    standby = primary.copied();
    standby.follow(primary);
    way.leadTo(onStandby());
    way.reset();
  }

  private static void pauseReplay() {
    var _ = StoreUrl.of(standby.url()).query("SELECT pg_wal_replay_pause()");
    await()
        .atMost(SOON)
        .until(() ->
            StoreUrl.of(standby.url())
                .query("SELECT pg_get_wal_replay_pause_state()")
                .contains("paused"));
  }

  /// Until the standby has all that the primary has.
  private static void awaitReplay() {
    var position = StoreUrl.of(database).query("SELECT pg_current_wal_lsn()").getFirst();
    await()
        .atMost(SOON)
        .until(() ->
            StoreUrl.of(standby.url())
                .query("SELECT pg_last_wal_replay_lsn() >= '" + position + "'")
                .contains("t"));
  }

  private static void awaitReplica(boolean used) {
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(
                  node.bean(MeterRegistry.class)
                      .get("stitchd.postgres.replica.usable")
                      .gauge()
                      .value())
              .isEqualTo(used ? 1 : 0);
          var degraded = node.http().get("/health/ready").json().get("degraded").toString();
          if (used) {
            assertThat(degraded).doesNotContain("postgresql-replica");
          } else {
            assertThat(degraded).contains("postgresql-replica");
          }
        });
  }

  private static double reads(String by) {
    return reads(node, by);
  }

  private static double reads(Server server, String by) {
    return server
        .bean(MeterRegistry.class)
        .get("stitchd.postgres.replica.reads")
        .tag("by", by)
        .counter()
        .count();
  }

  private static void add(Server server, String member) {
    var answer = server.admin().send("POST", MEMBERS, "{\"keys\":[\"" + member + "\"]}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  private static boolean answers(Server server) {
    return ask(server, "ann").status() == 200;
  }

  private static boolean isMember(Server server, String member) {
    var answer = ask(server, member);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return !answer.json().at("/memberships/" + member).isEmpty();
  }

  private static Http.Answer ask(Server server, String member) {
    return server
        .http()
        .post(
            "/sdk/v1/segments/membership",
            "{\"keys\":[\"" + member + "\"]}",
            "Authorization",
            "Bearer " + key);
  }

  private static String onStandby() {
    return StoreUrl.of(standby.url())
        .withDatabase(database.substring(database.lastIndexOf('/') + 1));
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
