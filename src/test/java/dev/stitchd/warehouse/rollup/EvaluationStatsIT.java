package dev.stitchd.warehouse.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class EvaluationStatsIT {

  private static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");
  private static final Instant ONE = Instant.parse("2026-10-15T13:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static String postgres;
  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    postgres = Stores.shared().freshPostgres().url();
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(postgres),
                Map.of("stitchd.clickhouse.query-rows", "20"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(List<Event> rows) {
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), rows))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static List<EvaluationStats.Row> counts(
      EnvironmentId environment, String flag, Instant from, Instant to, Duration interval) {
    return warehouse
        .stats()
        .counts(environment, flag, from, to, interval)
        .collectList()
        .block(Duration.ofSeconds(20));
  }

  private static EvaluationStats.Row row(Instant start, String variant, long count) {
    return new EvaluationStats.Row(start, "checkout", variant, count);
  }

  @Test
  void countsPerFlagAndVariantOverTime() {
    var environment = Events.environment();
    store(
        List.of(
            Events.evaluation(environment, NOON, "on"),
            Events.evaluation(environment, NOON.plusSeconds(3_599), "on"),
            Events.evaluation(environment, NOON.plusSeconds(60), "off"),
            Events.evaluation(environment, ONE, "on"),
            Events.evaluation(Events.environment(), NOON, "on")));
    store(List.of(Events.count(environment, ONE.plusMillis(999), 1_200)));
    var expected = List.of(row(NOON, "off", 1), row(NOON, "on", 2), row(ONE, "on", 1_201));
    assertThat(counts(environment, null, NOON, ONE.plus(HOUR), HOUR)).isEqualTo(expected);
    assertThat(counts(environment, "checkout", NOON, ONE.plus(HOUR), HOUR)).isEqualTo(expected);
    assertThat(counts(environment, "other", NOON, ONE.plus(HOUR), HOUR)).isEmpty();
    assertThat(counts(environment, null, NOON.plusSeconds(60), ONE, HOUR))
        .containsExactly(row(NOON, "off", 1), row(NOON, "on", 1));
  }

  @Test
  void sameIdInDifferentBatchesCountsOnce() {
    var environment = Events.environment();
    var rows = Events.evaluations(environment, 100);
    store(rows);
    store(rows);
    store(rows.subList(0, 40));
    var counted = List.<Event>of(Events.count(environment, NOON, 7));
    store(counted);
    store(counted);
    assertThat(
            warehouse.number(
                "SELECT count() FROM evaluation_events WHERE environment_id = '"
                    + environment
                    + "'"))
        .isEqualTo(240);
    assertThat(counts(environment, null, NOON, ONE, HOUR)).containsExactly(row(NOON, "on", 107));
  }

  @Test
  void namesOfFlagsAreValuesAndNeverStatements() {
    var environment = Events.environment();
    store(List.of(Events.evaluation(environment, NOON, "on")));
    for (var name : List.of("x' OR 1=1 --", "\\' OR 1=1 --", ":rows", "a\0b", "?")) {
      assertThat(counts(environment, name, NOON, ONE, HOUR)).isEmpty();
    }
  }

  @Test
  void tooManyRowsAreRefusedWithWhatToDo() {
    var environment = Events.environment();
    var rows = new ArrayList<Event>();
    for (int i = 0; i < 21; i++) {
      rows.add(Events.evaluation(environment, NOON.plusSeconds(i), "on"));
    }
    store(rows);
    assertThat(counts(environment, null, NOON, NOON.plusSeconds(20), Duration.ofSeconds(1)))
        .hasSize(20);
    warehouse
        .stats()
        .counts(environment, null, NOON, ONE, Duration.ofSeconds(1))
        .as(StepVerifier::create)
        .expectError(Problem.Invalid.class)
        .verify(Duration.ofSeconds(20));
  }

  @Test
  void everyMistakeInTheQuestionIsTold() {
    warehouse
        .stats()
        .counts(Events.environment(), null, ONE, NOON, Duration.ofMillis(5))
        .as(StepVerifier::create)
        .expectErrorSatisfies(e ->
            assertThat(((Problem.Invalid) e).errors())
                .extracting("path")
                .containsExactly("from", "interval"))
        .verify(Duration.ofSeconds(20));
  }

  @Test
  void manyQuestionsAndCancelledOnesLeakNothing() {
    var environment = Events.environment();
    store(Events.evaluations(environment, 1_000));
    for (int i = 0; i < 30; i++) {
      warehouse.stats().counts(environment, null, NOON, ONE, HOUR).subscribe().dispose();
      warehouse
          .stats()
          .counts(environment, null, NOON, ONE, HOUR)
          .take(1)
          .blockLast(Duration.ofSeconds(20));
    }
    assertThat(counts(environment, null, NOON, ONE, HOUR)).containsExactly(row(NOON, "on", 1_000));
    Warehouse.await(
        () ->
            warehouse.number(
                    "SELECT count() FROM system.processes WHERE query LIKE '%uniqExact%' AND query NOT LIKE '%system.processes%'")
                == 0,
        Patience.SOON);
  }

  @Test
  void outageIsAnsweredWithWhenToComeAgainAndHeals() {
    try (var own = OwnClickHouse.started();
        var there =
            new Warehouse(own.freshDatabase().url(), Warehouse.postgres(postgres)).awaitUp()) {
      var environment = Events.environment();
      own.kill();
      there
          .stats()
          .counts(environment, null, NOON, ONE, HOUR)
          .as(StepVerifier::create)
          .expectErrorSatisfies(
              e -> assertThat(((Problem.Unavailable) e).retryAfter()).isPositive())
          .verify(Duration.ofSeconds(20));
      Warehouse.await(() -> !there.health().isUp(), Patience.SOON);
      own.start();
      Warehouse.await(() -> there.health().isUp(), Patience.SOON);
      assertThat(
              there
                  .stats()
                  .counts(environment, null, NOON, ONE, HOUR)
                  .collectList()
                  .block(Duration.ofSeconds(10)))
          .isEmpty();
    }
  }
}
