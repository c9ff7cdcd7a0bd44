package dev.stitchd.warehouse.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClickHouseTablesTest {

  private static final String SQL =
      "SELECT 1 FROM t WHERE k = 'a IN (SELECT b' AND n NOT IN\n(\n  SELECT n FROM t WHERE n IN (1, 2) AND k IN (SELECT k FROM t))";

  @Test
  void questionsWithinQuestionsAreAboutAllShards() {
    assertThat(new ClickHouseTables("events", "stitchd", true, "auto").statement(SQL))
        .isEqualTo(
            "SELECT 1 FROM t WHERE k = 'a IN (SELECT b' AND n GLOBAL NOT IN\n(\n  SELECT n FROM t WHERE n IN (1, 2) AND k GLOBAL IN (SELECT k FROM t))");
  }

  @Test
  void aSingleServerIsAskedWhatWasWritten() {
    var tables = new ClickHouseTables(null, "stitchd", true, "auto");
    assertThat(tables.statement(SQL)).isSameAs(SQL);
    assertThat(tables.settings()).isEmpty();
    assertThat(tables.stored("flag_counts")).isEqualTo("flag_counts");
  }
}
