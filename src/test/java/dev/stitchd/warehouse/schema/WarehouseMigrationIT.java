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
  void rollupsOfEventsThatHaveExpiredSurviveTheMoveToTheHoursOfIds() {
    var url = Stores.shared().freshClickHouse().url();
    var store = StoreUrl.of(url);
    var hours = List.of("00", "01", "02");
    try (var warehouse = new Warehouse(url, Warehouse.postgres(postgres)).awaitUp()) {
      assertThat(warehouse.health().isUp()).isTrue();
    }
    for (var kind : List.of("evaluation", "count")) {
      var events = kind.equals("count") ? "flag_counts" : "evaluation_events";
      for (var hour :
          hours) { // none is left of the first's three events, one of the second's, all of the
        // third's
        store.query(
            "INSERT INTO %s (environment_id, flag, at, id%s) SELECT toUUID('6f7e1c52-8a4b-4b7e-9d0e-0c8a5d5b2f11'), 'checkout', '2026-08-01 %s:10:00', generateUUIDv4()%s FROM numbers(%d)"
                .formatted(
                    events,
                    kind.equals("count") ? ", count" : "",
                    hour,
                    kind.equals("count") ? ", 1" : "",
                    List.of(0, 1, 3).get(hours.indexOf(hour))));
        store.query(
            "INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, variants, counts) VALUES ('6f7e1c52-8a4b-4b7e-9d0e-0c8a5d5b2f11', 'checkout', '2026-08-01 %s:00:00', '%s', 3, ['on'], [3])"
                .formatted(hour, kind));
      }
    }
    store.query(
        "ALTER TABLE flyway_schema_history DELETE WHERE toUInt32OrZero(version) > 5 SETTINGS mutations_sync = 2");
    try (var warehouse = new Warehouse(url, Warehouse.postgres(postgres)).awaitUp()) {
      assertThat(
              warehouse.number(
                  "SELECT countIf(toHour(hour) < 2) * 10 + countIf(toHour(hour) = 2) FROM evaluation_rollups"))
          .isEqualTo(40);
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
