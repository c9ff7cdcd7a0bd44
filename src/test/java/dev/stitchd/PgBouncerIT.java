package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.PgBouncer;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreProxy;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// A whole server whose PostgreSQL is behind a pooler that passes on neither roles nor settings.
class PgBouncerIT {

  private static final Duration SOON = Patience.SOON;

  @ParameterizedTest
  @CsvSource({
    "session, extra_float_digits",
    "transaction, 'extra_float_digits,role,statement_timeout,lock_timeout,plan_cache_mode,enable_seqscan,jit,idle_in_transaction_session_timeout,stitchd.connection'",
  })
  void everythingWorksAndNoTenantSeesAnother(String mode, String ignored) {
    var database = Stores.shared().freshPostgres().url();
    try (var pooler =
            PgBouncer.before(
                database,
                "pool_mode = " + mode,
                // fewer than the server has, which would wait for each other in sessions
                "default_pool_size = " + (mode.equals("session") ? 40 : 6),
                "ignore_startup_parameters = " + ignored);
        var server =
            Server.start(
                Map.of(
                    "STITCHD_POSTGRES_URL",
                    pooler.url(database),
                    "STITCHD_POSTGRES_LISTEN_URL",
                    database,
                    "STITCHD_MEMBERSHIP_ANSWER_WITHIN",
                    "10s"))) {
      var admin = server.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      var key = admin.createSdkKey("web", "production", "server");
      try (var stream = server.stream(key)) {
        stream.await(event -> event.data().contains("\"checkout\""), SOON);
        var changed =
            admin.send(
                "PATCH",
                "/projects/web/flags/checkout/environments/production",
                "{\"enabled\":true,\"default\":{\"variant\":\"on\"}}");
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        stream.await(event -> event.data().contains("\"enabled\":true"), SOON);
      }
      lists(server, key);
      isolation(server);
      var limits =
          server
              .bean(Transactions.class)
              .onPlatform(session ->
                  session.one(
                      "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' || current_user AS all",
                      row -> Columns.text(row, "all")))
              .block();
      assertThat(limits).isEqualTo("10s 8s stitchd_app");
    }
    assertThat(
            StoreUrl.of(database)
                .query(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"))
        .containsExactly("0");
  }

  /// Many at once, so that a pooler of transactions hands its connections round.
  private static void lists(Server server, String key) {
    server
        .admin()
        .createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"Very important\"}");
    var members = "/projects/web/environments/production/segments/vip/members";
    var statuses =
        Flux.range(0, 60)
            .flatMap(
                i ->
                    Mono.fromCallable(() ->
                            i % 2 == 0
                                ? server
                                    .admin()
                                    .send("POST", members, "{\"keys\":[\"u" + i + "\"]}")
                                    .status()
                                : server
                                    .http()
                                    .send(
                                        "POST",
                                        "/sdk/v1/segments/membership",
                                        "{\"contextType\":\"user\",\"keys\":[\"u0\"]}",
                                        "Authorization",
                                        "Bearer " + key,
                                        "Content-Type",
                                        "application/json")
                                    .status())
                        .subscribeOn(Schedulers.boundedElastic()),
                20)
            .collectList()
            .block();
    assertThat(statuses).containsOnly(200);
    var file = server.admin().send("PUT", members, "key\na\nb\n", "Content-Type", "text/csv");
    assertThat(file.status()).as(file.body()).isEqualTo(200);
  }

  private static void isolation(Server server) {
    var transactions = server.bean(Transactions.class);
    var stranger = new TenantId(UUID.randomUUID());
    var counts =
        Flux.range(0, 40)
            .flatMap(
                _ ->
                    transactions.inTenant(
                        stranger,
                        session ->
                            session.one(
                                "SELECT count(*) AS n FROM projects",
                                row -> Columns.number(row, "n"))),
                8)
            .collectList()
            .block();
    assertThat(counts).containsOnly(0L);
  }

  @Test
  void withoutADirectAddressChangesAreFoundByPollingAndHealthSaysSo() {
    var database = Stores.shared().freshPostgres().url();
    try (var pooler =
            PgBouncer.before(
                database,
                "pool_mode = transaction",
                "default_pool_size = 6",
                "ignore_startup_parameters = extra_float_digits");
        var server =
            Server.start(
                Map.of(
                    "STITCHD_POSTGRES_URL", pooler.url(database), "STITCHD_SAFETY_POLL", "1s"))) {
      assertThat(server.http().get("/health/ready").body())
          .as("what the node lacks")
          .contains("postgresql");
      server.admin().createProject("web");
      server.admin().createEnvironment("web", "production");
      server.admin().createFlag("web", "checkout");
      var key = server.admin().createSdkKey("web", "production", "server");
      try (var stream = server.stream(key)) {
        stream.await(event -> event.data().contains("\"checkout\""), SOON);
        server
            .admin()
            .send(
                "PATCH",
                "/projects/web/flags/checkout/environments/production",
                "{\"enabled\":true}");
        stream.await(event -> event.data().contains("\"enabled\":true"), SOON);
      }
      assertThat(server.http().get("/health/ready").body()).contains("postgresql");
    }
  }

  /// The pooler does not say which of PostgreSQL's connections serves a statement until it began,
  /// and keeps what a silent client left behind for as long as PostgreSQL lets it.
  @Test
  void connectionsToAPoolerThatCarryNothingAnyMoreAreNoticedWithinSeconds() {
    var database = Stores.shared().freshPostgres().url();
    try (var pooler =
            PgBouncer.before(
                database,
                "pool_mode = transaction",
                "default_pool_size = 12",
                "ignore_startup_parameters = extra_float_digits");
        var proxy = StoreProxy.to(pooler.url(database));
        var other = Server.start(Map.of("STITCHD_POSTGRES_URL", database));
        var node =
            Server.on(
                proxy.url(), other.clickHouse(), Map.of("STITCHD_POSTGRES_LISTEN_URL", database))) {
      var admin = other.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      var _ = admin.createSdkKey("web", "production", "server");
      var keys = "/projects/web/environments/production/sdk-keys";
      var revoked = admin.create(keys, "{\"name\":\"a\",\"kind\":\"server\"}");
      assertThat(config(node, revoked.path("key").asString())).isEqualTo(200);
      assertThat(node.admin().send("GET", "/projects/web", "").status()).isEqualTo(200);

      proxy.swallowExisting();
      var gone = admin.send("DELETE", keys + "/" + revoked.path("id").asString(), "").status();
      assertThat(gone).isBetween(200, 299);
      var made = admin.create(keys, "{\"name\":\"b\",\"kind\":\"server\"}");

      await()
          .atMost(Patience.withinSeconds(8))
          .untilAsserted(() -> {
            assertThat(config(node, revoked.path("key").asString())).isEqualTo(401);
            assertThat(config(node, made.path("key").asString())).isEqualTo(200);
            assertThat(node.admin().send("GET", "/projects/web", "").status()).isEqualTo(200);
            assertThat(
                    node.admin()
                        .send(
                            "PATCH",
                            "/projects/web/flags/checkout/environments/production",
                            "{\"enabled\":true}")
                        .status())
                .isEqualTo(200);
          });
    }
  }

  private static int config(Server server, String key) {
    return server.http().get("/sdk/v1/config", "X-API-Key", key).status();
  }

  @Test
  void aNodeThatCannotHaveItsRoleDoesNotStart() {
    try (var postgres = OwnPostgres.started()) {
      var database = postgres.freshDatabase().url();
      Server.on(database, "http://default@127.0.0.1:1/none", Map.of()).stop();
      for (var broken :
          new String[][] {
            {"ALTER ROLE stitchd_app BYPASSRLS", "ALTER ROLE stitchd_app NOBYPASSRLS"},
            {"ALTER ROLE stitchd_reader SUPERUSER", "ALTER ROLE stitchd_reader NOSUPERUSER"},
          }) {
        var _ = StoreUrl.of(database).query(broken[0]);
        assertThatThrownBy(() -> Server.on(database, "http://default@127.0.0.1:1/none", Map.of()))
            .hasStackTraceContaining("row-level security");
        var _ = StoreUrl.of(database).query(broken[1]);
      }
    }
  }

  @Test
  void aLoginThatMayOnlyServeCannotBecomeTheOwner() {
    var owner = Stores.shared().freshPostgres().url();
    var login = "login_" + UUID.randomUUID().toString().replace("-", "");
    var _ = StoreUrl.of(owner).query("CREATE ROLE " + login + " LOGIN PASSWORD 'secret'");
    try {
      var url = URI.create(owner);
      var settings =
          Map.of(
              "STITCHD_POSTGRES_URL",
              "postgresql://%s:secret@%s:%d%s"
                  .formatted(login, url.getHost(), url.getPort(), url.getPath()),
              "STITCHD_POSTGRES_LISTEN_URL",
              owner);
      assertThatThrownBy(() -> Server.start(settings))
          .hasStackTraceContaining("GRANT stitchd_app TO " + login);
      var _ = StoreUrl.of(owner).query("GRANT stitchd_app, stitchd_reader TO " + login);
      try (var server = Server.start(settings)) {
        server.admin().createProject("web");
        server.admin().createEnvironment("web", "production");
        var key = server.admin().createSdkKey("web", "production", "server");
        assertThat(server.http().get("/sdk/v1/config", "Authorization", "Bearer " + key).status())
            .isEqualTo(200);
        isolation(server);
        for (var back :
            List.of("SET ROLE " + url.getUserInfo().split(":", 2)[0], "SET ROLE NONE")) {
          var seen =
              server
                  .bean(Transactions.class)
                  .onPlatform(session ->
                      session
                          .run(back)
                          .then(
                              session.one(
                                  "SELECT count(*) AS n FROM projects",
                                  row -> Columns.number(row, "n"))))
                  .map(String::valueOf)
                  .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
                  .block();
          assertThat(seen).as(back).matches("0|.*permission denied.*");
        }
      }
    } finally {
      var _ = StoreUrl.of(owner).query("DROP OWNED BY " + login);
      var _ = StoreUrl.of(owner).query("DROP ROLE " + login);
    }
  }
}
