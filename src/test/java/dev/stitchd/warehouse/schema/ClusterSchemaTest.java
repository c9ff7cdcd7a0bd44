package dev.stitchd.warehouse.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.warehouse.clickhouse.ClickHouseTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ClusterSchemaTest {

  private final ClusterSchema schema =
      new ClusterSchema(new ClickHouseTables("events", "stitchd", true, "auto"));

  @Test
  void everyTableOfEveryMigrationIsReplicatedUnderTheNameOfAShard() throws IOException {
    var created = Pattern.compile("CREATE TABLE IF NOT EXISTS (\\w+)");
    var engine = Pattern.compile("ENGINE = (.*)");
    try (var files = Files.list(Path.of("db/migration/clickhouse"))) {
      for (var file : files.toList()) {
        for (var statement : Files.readString(file).split(";\n")) {
          var here = schema.here(statement);
          created
              .matcher(here)
              .results()
              .forEach(found -> assertThat(found.group(1)).endsWith("_shard"));
          engine
              .matcher(here)
              .results()
              .forEach(found ->
                  assertThat(found.group(1))
                      .matches(
                          "Replicated(Replacing)?MergeTree\\('/clickhouse/tables/\\{shard}/stitchd/\\w+_shard', '\\{replica}'(, rows)?\\)"));
          assertThat(here)
              .doesNotContainPattern(
                  "\\b(TABLE|FROM|EXISTS) (evaluation|track|rejected)_\\w+\\b(?<!_shard)");
        }
      }
    }
  }

  @Test
  void aTableThatRemembersInsertsDoesSoForLongOnReplicasToo() {
    assertThat(
            schema.here(
                "CREATE TABLE IF NOT EXISTS flag_counts (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10000"))
        .isEqualTo(
            "CREATE TABLE IF NOT EXISTS flag_counts_shard (a Int8) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/stitchd/flag_counts_shard', '{replica}') ORDER BY a SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000, replicated_deduplication_window_for_async_inserts = 10000, replicated_deduplication_window_seconds_for_async_inserts = 2592000");
  }
}
