package dev.stitchd.warehouse.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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
    assertTooLarge("SELECT toInt64(sum(sleepEachRow(0.05))) FROM numbers(60)");
  }

  @Test
  void limitsAreSaidToClickHouse() {
    assertThat(setting("max_memory_usage")).containsExactly(16L << 20);
    assertThat(setting("max_threads")).containsExactly(4L);
    assertThat(setting("max_execution_time")).containsExactly(1L);
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
