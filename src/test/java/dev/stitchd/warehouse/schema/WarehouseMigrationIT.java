package dev.stitchd.warehouse.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class WarehouseMigrationIT {

  private final String postgres = Stores.shared().freshPostgres().url();

  @Test
  void serverStartsWithoutClickHouseAndMigratesItWhenItAppears() {
    try (var own = OwnClickHouse.started()) {
      own.kill();
      var url = StoreUrl.of(own.url()).withDatabase("not_there_yet");
      try (var warehouse = new Warehouse(url, Warehouse.postgres(postgres))) {
        warehouse
            .sink()
            .write(
                EventSinkContract.batch(
                    warehouse.sink(), Events.evaluations(Events.environment(), 1)))
            .as(StepVerifier::create)
            .expectError(EventSink.Unavailable.class)
            .verify(Duration.ofSeconds(10));
        assertThat(warehouse.health().isUp()).isFalse();
        own.start();
        Warehouse.await(() -> warehouse.health().isUp(), Duration.ofSeconds(10));
        assertThat(warehouse.number("SELECT count() FROM evaluation_events")).isZero();
      }
    }
  }

  @Test
  void severalNodesStartAtOnce() {
    var url =
        StoreUrl.of(Stores.shared().freshClickHouse().url()).withDatabase("made_by_one_of_us");
    List<Warehouse> nodes =
        IntStream.range(0, 4)
            .mapToObj(_ -> new Warehouse(url, Warehouse.postgres(postgres)))
            .toList();
    try {
      nodes.forEach(Warehouse::awaitUp);
      assertThat(
              nodes
                  .getFirst()
                  .number("SELECT count() FROM flyway_schema_history WHERE version = '1'"))
          .isEqualTo(1);
    } finally {
      nodes.forEach(Warehouse::close);
    }
  }

  @Test
  void migrationThatWasCutOffIsRunAgain() {
    var url = Stores.shared().freshClickHouse().url();
    var store = StoreUrl.of(url);
    try (var warehouse = new Warehouse(url, Warehouse.postgres(postgres)).awaitUp()) {
      warehouse.store().query("DROP TABLE flag_counts SYNC");
    }
    // what comes after it would not have been begun
    store.query(
        "ALTER TABLE flyway_schema_history DELETE WHERE toUInt32OrZero(version) > 1 SETTINGS mutations_sync = 2");
    store.query(
        "ALTER TABLE flyway_schema_history UPDATE success = false WHERE version = '1' SETTINGS mutations_sync = 2");
    try (var warehouse = new Warehouse(url, Warehouse.postgres(postgres)).awaitUp()) {
      assertThat(warehouse.number("SELECT count() FROM flag_counts")).isZero();
    }
  }

  @Test
  void tablesThatVanishAreMissed() {
    try (var warehouse =
        new Warehouse(Stores.shared().freshClickHouse().url(), Warehouse.postgres(postgres))
            .awaitUp()) {
      var batch =
          EventSinkContract.batch(warehouse.sink(), Events.evaluations(Events.environment(), 1));
      warehouse.store().query("DROP TABLE evaluation_events SYNC");
      warehouse.store().query("DROP TABLE flyway_schema_history SYNC");
      warehouse
          .sink()
          .write(batch)
          .as(StepVerifier::create)
          .expectError(EventSink.Unavailable.class)
          .verify(Duration.ofSeconds(10));
      warehouse.awaitUp();
      warehouse
          .sink()
          .write(batch)
          .as(StepVerifier::create)
          .expectComplete()
          .verify(Duration.ofSeconds(10));
    }
  }
}
