package dev.stitchd.warehouse;

import java.util.LinkedHashMap;
import java.util.Map;

/// What ClickHouse is asked to run. Immutable by agreement: nobody writes into `data`.
///
/// @param parameters its own, as `param_…`, and settings of the query that are no limits
/// @param limits what it may take of ClickHouse
/// @param data what is sent behind it
record ClickHouseStatement(
    String sql, Map<String, String> parameters, QueryLimits limits, byte[] data) {

  private static final byte[] NOTHING = new byte[0];

  static ClickHouseStatement of(String sql) {
    return new ClickHouseStatement(sql, Map.of(), QueryLimits.NONE, NOTHING);
  }

  /// The same with these parameters besides those that it has.
  ClickHouseStatement with(Map<String, String> more) {
    var all = new LinkedHashMap<>(parameters);
    all.putAll(more);
    return new ClickHouseStatement(sql, all, limits, data);
  }

  ClickHouseStatement within(QueryLimits other) {
    return new ClickHouseStatement(sql, parameters, other, data);
  }

  ClickHouseStatement sending(byte[] bytes) {
    return new ClickHouseStatement(sql, parameters, limits, bytes);
  }
}
