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

/// A database of an older version, one of whose tables another session has locked.
class PostgresMigrationIT {

  private static final String WAITS = "waits for a lock that another session holds";

  private String database;

  @BeforeEach
  void olderVersion() {
    database = Stores.shared().freshPostgres().url();
    var address = PostgresAddress.parse(database);
    Flyway.configure()
        .dataSource(address.jdbcUrl(), address.user(), address.password())
        .locations("classpath:db/migration/postgresql")
        .target("6")
        .load()
        .migrate();
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
