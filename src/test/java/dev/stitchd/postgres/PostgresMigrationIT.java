package dev.stitchd.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A database of an older version is brought up to date, also where another session has locked one
/// of its tables.
class PostgresMigrationIT {

  private static final String WAITS = "waits for a lock that another session holds";

  private String database;

  @BeforeEach
  void olderVersion() {
    database = Stores.shared().freshPostgres().url();
    migrate("6");
  }

  private void migrate(String version) {
    var address = PostgresAddress.parse(database);
    Flyway.configure()
        .dataSource(address.jdbcUrl(), address.user(), address.password())
        .initSql("SET stitchd.owner = 'on'")
        .locations("classpath:db/migration/postgresql")
        .target(version)
        .load()
        .migrate();
  }

  @Test
  void whatOlderNodesHaveDeletedIsErasedOnce() {
    migrate("25");
    var store = StoreUrl.of(database);
    var _ =
        store.query(
            """
            INSERT INTO deletions (tenant_id, project, environment_ids)
            SELECT id, 'web', ARRAY['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002']::uuid[] FROM tenants
            """);
    var _ =
        store.query(
            """
            INSERT INTO erasures (tenant_id, project, environment_id)
            SELECT id, 'web', '00000000-0000-0000-0000-000000000001' FROM tenants
            """);
    migrate("26");
    assertThat(
            store.query(
                "SELECT right(environment_id::text, 1) || ' ' || count(*) FROM erasures WHERE context_type IS NULL GROUP BY environment_id ORDER BY 1"))
        .containsExactly("1 1", "2 1");
  }

  @Test
  void aMigrationThatWaitsForALockSaysSoAndGoesOnWhenItIsLetGo() throws Exception {
    try (var log = LogLines.open();
        var holder = locked()) {
      var starting = CompletableFuture.supplyAsync(() -> start("PT60S"));
      await().atMost(Patience.SOON).until(() -> log.with(WAITS) > 0);
      holder.rollback();
      starting.get(2, TimeUnit.MINUTES).close();
      assertThat(log.with(WAITS)).isEqualTo(1);
    }
    assertThat(StoreUrl.of(database).query("SELECT to_regclass('deleted_flags')::text"))
        .containsExactly("deleted_flags");
  }

  @Test
  void itEndsAfterATimeWithTheNameOfTheSettingAndChangesNothing() throws Exception {
    try (var _ = locked()) {
      assertThatThrownBy(() -> start("PT1S"))
          .hasStackTraceContaining("STITCHD_POSTGRES_MIGRATION_WAIT")
          .hasStackTraceContaining(WAITS);
    }
    assertThat(StoreUrl.of(database).query("SELECT max(version::int) FROM flyway_schema_history"))
        .containsExactly("6");
  }

  private Server start(String wait) {
    return Server.on(
        database,
        "http://default@127.0.0.1:1/none",
        Map.of("STITCHD_POSTGRES_LOCK_TIMEOUT", "200ms", "STITCHD_POSTGRES_MIGRATION_WAIT", wait));
  }

  private Connection locked() throws SQLException {
    var address = PostgresAddress.parse(database);
    var holder = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    holder.setAutoCommit(false);
    try (var statement = holder.createStatement()) {
      statement.execute("LOCK TABLE environments IN ACCESS SHARE MODE");
    }
    return holder;
  }
}
