package dev.stitchd.warehouse.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class AnalyticalQueriesIT {

  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()),
                Map.of(
                    "stitchd.clickhouse.query-time", "1s",
                    "stitchd.clickhouse.query-memory", "16MB"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  @Test
  void whatTakesTooMuchMemoryIsTooLargeAndSaysWhatToAskInstead() {
    assertTooLarge("SELECT toInt64(length(groupUniqArray(number))) FROM numbers(10000000)");
  }

  @Test
  void whatTakesTooLongIsTooLargeAndSaysWhatToAskInstead() {
    assertTooLarge("SELECT toInt64(sum(sleepEachRow(0.05))) FROM numbers(30)");
  }

  @Test
  void limitsAreSaidToClickHouse() {
    assertThat(setting("max_memory_usage")).containsExactly(16L << 20);
    assertThat(setting("max_threads")).containsExactly(4L);
    assertThat(setting("max_execution_time")).containsExactly(1L);
  }

  /// Whoever asks and hangs up, again and again, has no more running than whoever waits.
  @Test
  void aQuestionThatWasGivenUpTakesItsPlaceUntilClickHouseHasEndedIt() {
    var tenant = new TenantId(UUID.randomUUID());
    var places = warehouse.meters().get("stitchd.queries.running").gauge();
    for (int i = 0; i < 2; i++) {
      warehouse
          .queries()
          .ask(
              "SELECT toInt64(sum(sleepEachRow(0.01))) AS given_up FROM numbers(80)",
              Map.of(),
              row -> ResultColumns.number(row, 0))
          .contextWrite(Asker.of(tenant))
          .timeout(Duration.ofMillis(300))
          .as(StepVerifier::create)
          .expectError(TimeoutException.class)
          .verify(Duration.ofSeconds(20));
    }
    double held;
    boolean runs;
    do {
      held = places.value();
      runs = isInTheMiddleOf("given_up");
      assertThat(runs && held == 0).as("it runs and holds no place").isFalse();
    } while (runs);
    Warehouse.await(() -> places.value() == 0, Duration.ofSeconds(20));
  }

  /// They may all be waiting for ClickHouse.
  @Test
  void answersAndRefusalsAreNotToldByThreadsThatWaitForClickHouse() {
    var threads =
        Flux.just("SELECT toInt64(1) AS one", "SELECT nonsense")
            .flatMap(
                sql ->
                    warehouse
                        .queries()
                        .ask(sql, Map.of(), row -> ResultColumns.number(row, 0))
                        .map(_ -> Thread.currentThread().getName())
                        .onErrorResume(_ -> Mono.just(Thread.currentThread().getName())),
                2)
            .collectList()
            .block(Duration.ofSeconds(20));
    assertThat(threads).hasSize(2).noneMatch(name -> name.startsWith("warehouse"));
  }

  /// Whether ClickHouse has run it for less time than it takes.
  private static boolean isInTheMiddleOf(String name) {
    return warehouse.number(
            "SELECT count() FROM system.processes WHERE elapsed < 0.6 AND query LIKE '%"
                + name
                + "%' AND query NOT LIKE '%processes%'")
        > 0;
  }

  private static List<Long> setting(String name) {
    return warehouse
        .queries()
        .ask(
            "SELECT toInt64(getSetting('" + name + "')) AS value",
            Map.of(),
            row -> ResultColumns.number(row, 0))
        .block(Duration.ofSeconds(20));
  }

  private static void assertTooLarge(String sql) {
    warehouse
        .queries()
        .ask(sql, Map.of(), row -> ResultColumns.number(row, 0))
        .as(StepVerifier::create)
        .expectErrorSatisfies(e ->
            assertThat(((Problem.Invalid) e).errors())
                .singleElement()
                .satisfies(error -> {
                  assertThat(error.path()).isEqualTo("from");
                  assertThat(error.message()).contains("16 MB", "1 s", "shorter time");
                }))
        .verify(Duration.ofSeconds(20));
  }
}
