package dev.stitchd.warehouse.clickhouse;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where rows lie: in the tables that questions name, on a single server; on a cluster in tables
/// beside them, one on each shard, and the names that questions use are views of all shards.
/// Immutable.
///
/// @param cluster its name, as ClickHouse's configuration has it; null for a single server
/// @param database in which the tables are
/// @param replicated whether each shard keeps its rows on several servers
/// @param quorum on how many replicas of a shard an insert is before it is answered, as
///   `insert_quorum` has it
public record ClickHouseTables(
    @Nullable String cluster, String database, boolean replicated, String quorum) {

  private static final String SHARD = "_shard";

  /// A text, which is left alone, or what begins a question within a question.
  private static final Pattern WITHIN =
      Pattern.compile("'(?:[^'\\\\]|\\\\.)*'|\\b(?:NOT )?IN(?=\\s*\\(\\s*SELECT\\b)");

  /// The table that has the rows of a server, for what no view of all shards can do.
  public String stored(String table) {
    return cluster == null ? table : table + SHARD;
  }

  /// A table of ClickHouse's own, of all servers.
  public String everywhere(String table) {
    return cluster == null ? table : "clusterAllReplicas('%s', %s)".formatted(cluster, table);
  }

  /// A statement as it is run here. A question within a question is one about all shards, asked
  /// once and sent to each. Said in the text, since `distributed_product_mode` gets it wrong where
  /// there is one within that again; a single server would read more for it.
  public String statement(String sql) {
    return cluster == null
        ? sql
        : WITHIN
            .matcher(sql)
            .replaceAll(found ->
                Matcher.quoteReplacement(
                    found.group().startsWith("'") ? found.group() : "GLOBAL " + found.group()));
  }

  /// What every statement is run with: no shard is left out of an answer because it is away, and an
  /// insert is answered when its shards have it.
  public Map<String, String> settings() {
    return cluster == null
        ? Map.of()
        : Map.of(
            "distributed_product_mode", "allow",
            "skip_unavailable_shards", "0",
            "insert_distributed_sync", "1",
            "parallel_distributed_insert_select", "0",
            "insert_quorum", replicated ? quorum : "0");
  }
}
