package dev.stitchd.warehouse.clickhouse;

/// How the event store is. Safe from any thread, never waits; at most about a second old.
public interface WarehouseHealth {

  /// Whether ClickHouse answers, has its schema, and took the last insert that was tried.
  boolean isUp();

  /// One sentence for people: what is wrong, or `up`. No secrets.
  String detail();
}
