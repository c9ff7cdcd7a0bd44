package dev.stitchd.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.pool.ConnectionPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The second lock: what PostgreSQL itself keeps apart, whatever the statements say.
class TenantIsolationIT {

  private static final List<String> TENANT_TABLES =
      List.of(
          "projects",
          "environments",
          "sdk_keys",
          "feature_flags",
          "variants",
          "flag_values",
          "segments",
          "segment_rules",
          "segment_lists",
          "segment_generations",
          "segment_list_members",
          "segment_imports",
          "audit_logs",
          "environment_changes",
          "environment_items",
          "idempotency_keys",
          "event_definitions",
          "event_quotas",
          "propagation_nodes",
          "propagation_instances",
          "deletions",
          "users",
          "role_grants",
          "sessions",
          "account_links");

  private static Server server;
  private static Transactions transactions;
  private static ConnectionPool management;
  private static ConnectionPool reader;

  @BeforeAll
  static void aServerWithTwoTenants() {
    server = Server.start();
    transactions = server.bean(Transactions.class);
    var pools = server.context().getBeansOfType(ConnectionPool.class);
    management = pools.get("management");
    reader = pools.get("reader");
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createSdkKey("web", "production", "server");
    admin.createFlag("web", "checkout");
    admin.createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    var members = "/projects/web/environments/production/segments/vip/members";
    admin.send("POST", members, "{\"keys\":[\"u1\"]}");
    admin.send("PUT", members, "u1\nu2\n", "Content-Type", "text/csv");
    admin.send(
        "POST",
        "/projects/web/environments/production/event-definitions",
        "{\"key\":\"purchase\",\"name\":\"Purchase\"}");
    admin.create(
        "/tokens", "{\"name\":\"ci\",\"roles\":[{\"role\":\"viewer\",\"project\":\"web\"}]}");
    admin.createEnvironment("web", "old");
    admin.send("DELETE", "/projects/web/environments/old", "", "If-Match", "*");
    admin.send("POST", "/tenants", "{\"key\":\"other\",\"name\":\"Other\"}");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void bothPoolsRunAsRolesThatRowLevelSecurityBinds() {
    assertThat(roleOf(management))
        .isEqualTo(Map.of("role", "stitchd_app", "bypass", false, "super", false));
    assertThat(roleOf(reader))
        .isEqualTo(Map.of("role", "stitchd_reader", "bypass", false, "super", false));
  }

  @Test
  void everyTableHasATenantAndAPolicy() {
    var unprotected =
        transactions
            .inTenant(
                new TenantId(UUID.randomUUID()),
                session ->
                    session.all(
                        """
                        SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
                           SELECT FROM pg_policy o WHERE o.polrelid = c.oid AND o.polname = 'of_owner'))
                           AND c.relname NOT IN ('flyway_schema_history', 'installation')
                        """,
                        row -> Columns.text(row, "name")))
            .block();
    assertThat(unprotected).isEmpty();
  }

  @Test
  void everyTableNamesItsTenantAndSoDoesEveryForeignKey() {
    var withoutTenant =
        ask(
            """
            SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT EXISTS (
               SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull)
             ORDER BY 1
            """);
    assertThat(withoutTenant)
        .as("the platform's own")
        .containsExactly(
            "api_tokens",
            "flyway_schema_history",
            "installation",
            "installation_secret",
            "login_attempts",
            "tenants");
    var keysWithoutTenant =
        ask(
            """
            SELECT k.conrelid::regclass || ' ' || k.conname AS name FROM pg_constraint k
             WHERE k.contype = 'f' AND NOT EXISTS (
               SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'tenant_id' AND a.attnum = ANY (k.conkey))
            """);
    assertThat(keysWithoutTenant).isEmpty();
  }

  @Test
  void aTenantsTransactionNeitherSeesNorMakesTokensOfThePlatformOrOfAnother() {
    assertThat(count(tenant("default"), "api_tokens")).isEqualTo(1);
    assertThat(count(tenant("other"), "api_tokens")).isZero();
    for (var of : new UUID[] {null, tenant("other").value()}) {
      var made =
          transactions
              .inTenant(
                  tenant("default"),
                  session ->
                      session.run(
                          "INSERT INTO api_tokens (name, hash, tenant_id) VALUES ('mine', decode('00', 'hex'), $1::uuid)",
                          of))
              .map(_ -> "made")
              .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
              .block();
      assertThat(made).contains("row-level security");
    }
  }

  @Test
  void theInstallationsSecretIsShownToThePlatformAlone() {
    assertThat(count(tenant("default"), "installation_secret")).isZero();
    var asReader =
        Flux.usingWhen(
                reader.create(),
                connection ->
                    Flux.from(
                            connection
                                .createStatement("SELECT secret FROM installation_secret")
                                .execute())
                        .flatMap(result -> result.map(_ -> "seen")),
                connection -> connection.close())
            .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
            .blockFirst();
    assertThat(asReader).contains("permission denied");
  }

  @Test
  void aRowCannotBeMadeInAnotherTenant() {
    var other = tenant("other").value();
    for (var sql :
        List.of(
            "INSERT INTO projects (tenant_id, key, name, created_by) VALUES ($1, 'x', 'x', 'x')",
            "INSERT INTO segment_list_members (tenant_id, generation, included, context_key) VALUES ($1, 1, true, 'x')",
            "INSERT INTO segment_generations (tenant_id, environment_id, segment_id) VALUES ($1, $1, $1)",
            "INSERT INTO deletions (tenant_id, project, environment_ids) VALUES ($1, 'x', '{}')",
            "INSERT INTO audit_logs (tenant_id, actor, action, resource) VALUES ($1, 'x', 'x', 'x')",
            "INSERT INTO idempotency_keys (tenant_id, actor, key, fingerprint, answer) VALUES ($1, 'x', 'x', '', '{}')")) {
      var made =
          transactions
              .inTenant(tenant("default"), session -> session.run(sql, other))
              .map(_ -> "made")
              .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
              .block();
      assertThat(made).as(sql).contains("row-level security");
    }
  }

  @Test
  void aFailedCommitGivesItsConnectionBack() {
    for (int i = 0; i < 20; i++) {
      var failed =
          transactions
              .inTenant(
                  tenant("default"),
                  session ->
                      session
                          .run(
                              "CREATE TEMP TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP")
                          .then(session.run("INSERT INTO late VALUES (1), (1)")))
              .map(_ -> "committed")
              .onErrorResume(Problem.Conflict.class, problem -> Mono.just(problem.code()))
              .block();
      assertThat(failed).isEqualTo("key-taken");
    }
    var metrics = management.getMetrics().orElseThrow();
    org.awaitility.Awaitility.await()
        .atMost(Patience.SOON)
        .until(() -> metrics.acquiredSize() == 0);
  }

  @Test
  void editsOfATenantAtOneVersionDoNotBothPass() {
    var admin = server.admin();
    admin.send("POST", "/tenants", "{\"key\":\"edited\",\"name\":\"0\"}");
    var statuses =
        Flux.range(0, 20)
            .flatMap(
                i ->
                    Mono.fromCallable(() ->
                            admin
                                .send(
                                    "PUT",
                                    "/tenants/edited",
                                    "{\"name\":\"n" + i + "\"}",
                                    "If-Match",
                                    "\"1\"")
                                .status())
                        .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic()),
                20)
            .collectList()
            .block();
    assertThat(statuses).containsOnly(200, 409).containsOnlyOnce(200);
  }

  @Test
  void aTransactionSeesItsOwnTenantOnlyEvenWithoutAWhereClause() {
    var visible = new HashMap<String, Long>();
    var other = tenant("other");
    for (var table : TENANT_TABLES) {
      visible.put(table, count(other, table));
    }
    // The other tenant's own creation is audited in it; nothing else is there.
    visible.remove("audit_logs");
    assertThat(visible.values()).containsOnly(0L);
    assertThat(count(tenant("default"), "feature_flags")).isEqualTo(1);
    assertThat(count(tenant("default"), "segment_list_members")).isGreaterThanOrEqualTo(2);
    assertThat(count(tenant("default"), "segment_imports")).isEqualTo(1);
    assertThat(count(tenant("default"), "event_definitions")).isEqualTo(1);
    assertThat(count(tenant("default"), "deletions")).isEqualTo(1);
  }

  @Test
  void aTransactionWithoutATenantSeesNothing() {
    var counted =
        Flux.fromIterable(TENANT_TABLES)
            .concatMap(table -> transactions.onPlatform(session -> countIn(session, table)))
            .collectList()
            .block();
    assertThat(counted).containsOnly(0L);
  }

  @Test
  void aRowCannotBeMovedIntoAnotherTenant() {
    var other = tenant("other");
    var moved =
        transactions
            .inTenant(
                tenant("default"),
                session -> session.run("UPDATE projects SET tenant_id = $1", other.value()))
            .map(_ -> "moved")
            .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
            .block();
    assertThat(moved).contains("row-level security");
  }

  @Test
  void theReaderCannotReadWhatSdksHaveNoBusinessWith() {
    for (var table :
        List.of(
            "tenants",
            "projects",
            "feature_flags",
            "flag_values",
            "segments",
            "segment_list_members",
            "audit_logs",
            "api_tokens",
            "users",
            "role_grants",
            "sessions",
            "account_links",
            "login_attempts")) {
      assertThat(errorAsReader("SELECT count(*) FROM " + table))
          .as(table)
          .contains("permission denied");
    }
    assertThat(errorAsReader("SELECT name FROM sdk_keys")).contains("permission denied");
    assertThat(errorAsReader("SELECT name FROM event_definitions")).contains("permission denied");
    assertThat(errorAsReader("DELETE FROM event_quotas")).contains("permission denied");
    assertThat(errorAsReader("UPDATE environment_items SET revision = 0"))
        .contains("permission denied");
    assertThat(errorAsReader("DELETE FROM segment_list_members")).contains("permission denied");
    assertThat(errorAsReader("UPDATE segment_lists SET version = 0")).contains("permission denied");
    assertThat(errorAsReader("SELECT actor FROM segment_imports")).contains("permission denied");
    assertThat(errorAsReader("SELECT project FROM deletions")).contains("permission denied");
    assertThat(errorAsReader("SELECT segment_key FROM segment_lists"))
        .contains("permission denied");
  }

  @Test
  void theReaderIsToldMembersOfTheEnvironmentThatItNamesAlone() {
    var asked = "SELECT FROM stitchd_segment_list_members(%s, '{vip}', '{u1,u2}')";
    var environment =
        transactions
            .inTenant(
                tenant("default"),
                session ->
                    session.one(
                        "SELECT id::text AS id FROM environments", row -> Columns.text(row, "id")))
            .block();
    assertThat(rowsAsReader(asked.formatted("'" + environment + "'"))).isPositive();
    assertThat(rowsAsReader(asked.formatted("gen_random_uuid()"))).isZero();
    assertThat(rowsAsReader(asked.formatted("NULL"))).isZero();
    var asTenant =
        transactions
            .inTenant(
                tenant("default"), session -> session.run(asked.formatted("gen_random_uuid()")))
            .map(_ -> "allowed")
            .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
            .block();
    assertThat(asTenant).contains("permission denied");
  }

  /// Compiling takes a hundred times as long as any of them.
  @Test
  void statementsOfTheSdkPlaneAreNotCompiled() {
    assertThat(rowsAsReader("SELECT WHERE current_setting('jit') = 'off'")).isEqualTo(1);
  }

  @Test
  void cancelledRequestsGiveTheirConnectionsBack() {
    for (int i = 0; i < 200; i++) {
      var cancelled =
          transactions
              .inTenant(tenant("default"), session -> session.run("SELECT pg_sleep(0.05)"))
              .subscribe();
      if (i % 2 == 0) {
        Thread.yield();
      }
      cancelled.dispose();
    }
    assertThat(count(tenant("default"), "projects")).isEqualTo(1);
    var metrics = management.getMetrics().orElseThrow();
    org.awaitility.Awaitility.await()
        .atMost(Patience.SOON)
        .until(() -> metrics.acquiredSize() == 0 && metrics.pendingAcquireSize() == 0);
  }

  private static List<String> ask(String sql) {
    return transactions
        .onPlatform(session -> session.all(sql, row -> Columns.text(row, "name")))
        .block();
  }

  private static TenantId tenant(String key) {
    return new TenantId(
        transactions
            .onPlatform(session ->
                session.one(
                    "SELECT id FROM tenants WHERE key = $1", row -> Columns.uuid(row, "id"), key))
            .block());
  }

  private static long count(TenantId tenant, String table) {
    return transactions.inTenant(tenant, session -> countIn(session, table)).block();
  }

  private static Mono<Long> countIn(Session session, String table) {
    return session.one("SELECT count(*) AS rows FROM " + table, row -> Columns.number(row, "rows"));
  }

  private static Map<String, Object> roleOf(ConnectionPool pool) {
    return Mono.usingWhen(
            pool.create(),
            connection ->
                new Session(connection)
                    .one(
                        "SELECT rolname::text AS role, rolbypassrls AS bypass, rolsuper AS super FROM pg_roles WHERE rolname = current_user",
                        row ->
                            Map.<String, Object>of(
                                "role",
                                Columns.text(row, "role"),
                                "bypass",
                                Columns.bool(row, "bypass"),
                                "super",
                                Columns.bool(row, "super"))),
            connection -> connection.close())
        .block();
  }

  private static long rowsAsReader(String sql) {
    return Mono.usingWhen(
            reader.create(),
            connection -> new Session(connection).all(sql, _ -> true),
            connection -> connection.close())
        .block()
        .size();
  }

  private static String errorAsReader(String sql) {
    return Mono.usingWhen(
            reader.create(),
            connection -> new Session(connection).run(sql).map(_ -> "allowed"),
            connection -> connection.close())
        .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
        .block();
  }
}
