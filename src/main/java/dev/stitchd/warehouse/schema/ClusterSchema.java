package dev.stitchd.warehouse.schema;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.warehouse.clickhouse.ClickHouseTables;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the migrations of a single server are on a server of a cluster: the same tables, under the
/// names that are each shard's own, replicated; and in front of them, under the names that
/// questions use, views of all shards. Immutable.
///
/// @param tables those of a cluster
record ClusterSchema(ClickHouseTables tables) {

  /// Rows of one unit lie together, those of nobody anywhere; a rollup lies where all others of its
  /// hour do, so that the truer one replaces them.
  private static final String BY_UNIT =
      "sipHash64(environment_id, if(context_key = '', toString(id), concat(context_type, ' ', context_key)))";

  private static final Pattern ENGINE =
      Pattern.compile("ENGINE = (Replacing)?MergeTree(?:\\((\\w+)\\))?");
  private static final Pattern NAME = Pattern.compile("CREATE TABLE IF NOT EXISTS (\\w+)");
  private static final Pattern WINDOW =
      Pattern.compile("non_replicated_deduplication_window = (\\d+)");

  /// Far longer than the longest outage.
  private static final String WINDOWS =
      ", replicated_deduplication_window = $1, replicated_deduplication_window_seconds = 2592000"
          + ", replicated_deduplication_window_for_async_inserts = $1, replicated_deduplication_window_seconds_for_async_inserts = 2592000";

  /// Each table with where its rows go.
  private static Map<String, String> keys() {
    var keys = new LinkedHashMap<String, String>();
    for (var kind : EventKind.values()) {
      keys.put(
          kind.table(),
          kind.has("context_key") ? BY_UNIT : "sipHash64(environment_id, toString(id))");
    }
    keys.put(
        "evaluation_rollups", "sipHash64(environment_id, toString(flag), hour, toString(kind))");
    keys.put("rejected_events", "sipHash64(environment_id, id)");
    return keys;
  }

  /// One statement of a migration.
  String here(String statement) {
    var sql = statement;
    for (var table : keys().keySet()) {
      sql = sql.replaceAll("\\b" + table + "\\b", tables.stored(table));
    }
    if (sql.contains("DELETE FROM")) { // which asks other tables what to delete
      sql = sql + "\nSETTINGS allow_nondeterministic_mutations = 1";
    }
    return tables.replicated() ? replicated(sql) : sql;
  }

  private String replicated(String sql) {
    var name = NAME.matcher(sql);
    if (!name.find()) {
      return sql;
    }
    var path =
        "'/clickhouse/tables/{shard}/%s/%s', '{replica}'"
            .formatted(tables.database(), name.group(1));
    var engine =
        ENGINE
            .matcher(sql)
            .replaceFirst(found ->
                "ENGINE = Replicated%sMergeTree(%s%s)"
                    .formatted(
                        found.group(1) == null ? "" : found.group(1),
                        Matcher.quoteReplacement(path),
                        found.group(2) == null ? "" : ", " + found.group(2)));
    return WINDOW.matcher(engine).replaceAll("$0" + WINDOWS);
  }

  /// The statements that make the tables of a server as they are by now; asked of a database that
  /// may not be there yet.
  static String tablesOf(ClickHouseTables tables) {
    return """
    SELECT replaceOne(create_table_query, 'CREATE TABLE ', 'CREATE TABLE IF NOT EXISTS ') AS sql
    FROM system.tables WHERE database = '%s' AND endsWith(name, '%s') FORMAT JSONEachRow
    """
        .formatted(tables.database(), tables.stored(""));
  }

  /// Makes the names that questions use, with the columns that the tables have by now.
  List<String> views() {
    return keys().entrySet().stream()
        .map(one ->
            "CREATE OR REPLACE TABLE %1$s AS %2$s ENGINE = Distributed('%3$s', '%4$s', '%2$s', %5$s)"
                .formatted(
                    one.getKey(),
                    tables.stored(one.getKey()),
                    tables.cluster(),
                    tables.database(),
                    one.getValue()))
        .toList();
  }
}
