package dev.stitchd.warehouse.clickhouse;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How to reach ClickHouse; `STITCHD_CLICKHOUSE_…`.
///
/// @param url `http(s)://user:password@host:8123/database`
/// @param cluster the name of a cluster as ClickHouse's configuration has it; null for a single
///   server
/// @param clusterReplicated whether tables of a cluster are replicated within each shard
/// @param insertQuorum on how many replicas of a shard an insert is before it is answered: a
///   number, or `auto` for most of them
/// @param insertConnections most connections for inserts
/// @param connectTimeout how long opening a connection may take
/// @param insertTimeout when an insert without an answer counts as unknown and is tried again
/// @param idleTime when an unused connection is closed; below the server's keep-alive
/// @param pingInterval how often it is asked whether ClickHouse answers
/// @param pingTimeout how long that may take
/// @param migrationRetryMax the longest wait between attempts to bring the schema up to date
/// @param queryThreads how many analytical queries run at the same time
/// @param queryShare how many of them may be of one tenant; fewer, so that none takes all
/// @param queryWait how long a query waits for its turn before it is refused
/// @param waitingQueries most queries that may wait for their turn; of more, one is refused of the
///   tenant that has the most waiting
/// @param queryTime when ClickHouse ends a query
/// @param queryMemory how much memory of ClickHouse a query may take; one that needs more is
///   refused
/// @param queryCores how many threads of ClickHouse work for one query at most
/// @param queryRows most rows of an answer
@ConfigurationProperties("stitchd.clickhouse")
public record ClickHouseSettings(
    @Nullable String url,
    @Nullable String cluster,
    @DefaultValue("true") boolean clusterReplicated,
    @DefaultValue("auto") String insertQuorum,
    @DefaultValue("8") int insertConnections,
    @Allowed(to = "24h") @DefaultValue("2s") Duration connectTimeout,
    @DefaultValue("30s") Duration insertTimeout,
    @DefaultValue("5s") Duration idleTime,
    @DefaultValue("1s") Duration pingInterval,
    @DefaultValue("2s") Duration pingTimeout,
    @DefaultValue("5s") Duration migrationRetryMax,
    @Allowed(to = "1024") @DefaultValue("4") int queryThreads,
    @Allowed(to = "1024") @DefaultValue("2") int queryShare,
    @Allowed(from = "0s", to = "1h") @DefaultValue("10s") Duration queryWait,
    @DefaultValue("100") int waitingQueries,
    @Allowed(from = "1s") @DefaultValue("10s") Duration queryTime,
    @Allowed(from = "1MB", to = "1TB") @DefaultValue("1GB") DataSize queryMemory,
    @Allowed(to = "1024") @DefaultValue("4") int queryCores,
    @DefaultValue("10000") int queryRows)
    implements CheckedSettings {

  private static final Pattern CLUSTER = Pattern.compile("[A-Za-z0-9_.-]{0,100}");
  private static final Pattern QUORUM = Pattern.compile("auto|[0-9]{1,3}");

  public ClickHouseSettings {
    if (insertConnections < 1 || queryThreads < 1 || queryShare < 1 || queryRows < 1) {
      throw new IllegalArgumentException(
          "stitchd.clickhouse.insert-connections, query-threads, query-share and query-rows must be at least 1");
    }
    if (queryTime.toSeconds() < 1) {
      throw new IllegalArgumentException("stitchd.clickhouse.query-time must be at least 1s");
    }
  }

  /// Where rows lie.
  public ClickHouseTables tables() {
    return new ClickHouseTables(
        cluster == null || cluster.isEmpty() ? null : cluster,
        ClickHouseAddress.parse(url).database(),
        clusterReplicated,
        insertQuorum);
  }

  @Override
  public void check() {
    var _ = ClickHouseAddress.parse(url);
    if (cluster != null && !CLUSTER.matcher(cluster).matches()) {
      throw new StartFailure(
          "STITCHD_CLICKHOUSE_CLUSTER must be the name of a cluster in system.clusters, of letters, digits, -, . and _.",
          null);
    }
    if (!QUORUM.matcher(insertQuorum).matches()) {
      throw new StartFailure("STITCHD_CLICKHOUSE_INSERT_QUORUM must be auto or a number.", null);
    }
  }

  /// The URL holds a password.
  @Override
  public String toString() {
    return "ClickHouseSettings[…]";
  }
}
