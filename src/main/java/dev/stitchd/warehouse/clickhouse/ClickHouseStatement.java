package dev.stitchd.warehouse.clickhouse;

import static java.nio.charset.StandardCharsets.UTF_8;

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

  /// One that may be long, and does not stand in addresses: sent as a body.
  public static ClickHouseStatement sent(String sql) {
    return of("").sending(sql.getBytes(UTF_8));
  }

  /// The same as it is run on some tables. A body is one if nothing stands before it.
  ClickHouseStatement on(ClickHouseTables tables) {
    return sql.isEmpty()
        ? sending(tables.statement(new String(data, UTF_8)).getBytes(UTF_8))
        : new ClickHouseStatement(tables.statement(sql), parameters, limits, data);
  }

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
