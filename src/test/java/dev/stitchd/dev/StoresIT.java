package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StoresIT {

  @Test
  void postgresAnswersFromAnEmptyDatabase() {
    var database = StoreUrl.of(Stores.shared().freshPostgres().url());

    assertThat(database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        .containsExactly("0");
    assertThat(Integer.parseInt(database.query("SHOW server_version_num").getFirst()))
        .isGreaterThanOrEqualTo(150_000);
  }

  @Test
  void clickHouseAnswersFromAnEmptyDatabase() {
    var database = StoreUrl.of(Stores.shared().freshClickHouse().url());

    assertThat(
            database.query("SELECT count() FROM system.tables WHERE database = currentDatabase()"))
        .containsExactly("0");
    assertThat(database.query("SELECT currentDatabase()").getFirst()).startsWith("stitchd_");
  }

  @Test
  void everyDatabaseIsANewOne() {
    var stores = Stores.shared();

    assertThat(stores.freshPostgres()).isNotEqualTo(stores.freshPostgres());
    assertThat(stores.freshClickHouse()).isNotEqualTo(stores.freshClickHouse());
  }

  @Test
  void killedPostgresComesBackWithItsData() {
    try (var postgres = OwnPostgres.started()) {
      var database = StoreUrl.of(postgres.freshDatabase().url());
      database.query("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");

      postgres.kill();
      assertThat(answers(database)).isFalse();
      postgres.start();
      assertThat(database.query("SELECT count(*) FROM kept")).containsExactly("1000");

      postgres.stop();
      postgres.start();
      assertThat(database.query("SELECT count(*) FROM kept")).containsExactly("1000");
    }
  }

  @Test
  void killedClickHouseComesBackWithItsData() {
    try (var clickHouse = OwnClickHouse.started()) {
      var database = StoreUrl.of(clickHouse.freshDatabase().url());
      database.query("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n");
      database.query("INSERT INTO kept SETTINGS async_insert = 0 SELECT * FROM numbers(1000)");

      clickHouse.kill();
      assertThat(answers(database)).isFalse();
      clickHouse.start();
      assertThat(database.query("SELECT count() FROM kept")).containsExactly("1000");

      clickHouse.stop();
      clickHouse.start();
      assertThat(database.query("SELECT count() FROM kept")).containsExactly("1000");
    }
  }

  @Test
  void theSameInsertTokenStoresOnce() {
    var database = StoreUrl.of(Stores.shared().freshClickHouse().url());
    database.query(
        "CREATE TABLE once (n UInt64) ENGINE = MergeTree ORDER BY n"
            + " SETTINGS non_replicated_deduplication_window = 100");

    for (var token : List.of("batch-1", "batch-1", "batch-2")) {
      database.query(
          "INSERT INTO once SETTINGS async_insert = 0, insert_deduplication_token = '%s' VALUES (7)"
              .formatted(token));
    }

    assertThat(database.query("SELECT count() FROM once")).containsExactly("2");
  }

  private static boolean answers(StoreUrl store) {
    try {
      return !store.query("SELECT 1").isEmpty();
    } catch (IllegalStateException _) {
      return false;
    }
  }
}
