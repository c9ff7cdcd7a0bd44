package dev.stitchd.warehouse.clickhouse;

import java.util.LinkedHashMap;
import java.util.Map;

/// What ClickHouse is asked to run. Immutable by agreement: nobody writes into `data`.
///
/// @param parameters its own, as `param_…`, and settings of the query that are no limits
/// @param limits what it may take of ClickHouse
/// @param data what is sent behind it
public record ClickHouseStatement(
    String sql, Map<String, String> parameters, QueryLimits limits, byte[] data) {

  private static final byte[] NOTHING = new byte[0];

  public static ClickHouseStatement of(String sql) {
    return new ClickHouseStatement(sql, Map.of(), QueryLimits.NONE, NOTHING);
  }

  /// The same with these parameters besides those that it has.
  public ClickHouseStatement with(Map<String, String> more) {
    var all = new LinkedHashMap<>(parameters);
    all.putAll(more);
    return new ClickHouseStatement(sql, all, limits, data);
  }

  public ClickHouseStatement within(QueryLimits other) {
    return new ClickHouseStatement(sql, parameters, other, data);
  }

  public ClickHouseStatement sending(byte[] bytes) {
    return new ClickHouseStatement(sql, parameters, limits, bytes);
  }
}
