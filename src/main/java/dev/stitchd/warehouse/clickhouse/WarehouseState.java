package dev.stitchd.warehouse.clickhouse;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is known about ClickHouse, from pings, migrations and inserts. Logs each change between up
/// and down once.
public final class WarehouseState implements WarehouseHealth {

  private static final Logger LOG = LoggerFactory.getLogger(WarehouseState.class);

  /// Each is null when there is nothing to complain about.
  private record Complaints(
      @Nullable String ping, @Nullable String schema, @Nullable String insert) {

    private static final Complaints AT_START =
        new Complaints(null, "ClickHouse has not answered since the start", null);

    @Nullable String first() {
      return ping != null ? ping : schema != null ? schema : insert;
    }
  }

  private volatile Complaints now = Complaints.AT_START;

  @Override
  public boolean isUp() {
    return now.first() == null;
  }

  @Override
  public String detail() {
    var complaint = now.first();
    return complaint == null ? "up" : complaint;
  }

  public boolean hasSchema() {
    return now.schema() == null;
  }

  public void answers() {
    update(null, now.schema(), now.insert());
  }

  public void doesNotAnswer(String reason) {
    update("ClickHouse does not answer: " + reason, now.schema(), now.insert());
  }

  public void migrated() {
    update(now.ping(), null, now.insert());
  }

  public void lacksSchema(String reason) {
    update(now.ping(), "ClickHouse's schema is not up to date: " + reason, now.insert());
  }

  public void takesInserts() {
    if (now.insert() != null) {
      update(now.ping(), now.schema(), null);
    }
  }

  public void takesNoInserts(String reason) {
    update(now.ping(), now.schema(), "ClickHouse takes no inserts: " + reason);
  }

  private synchronized void update(
      @Nullable String ping, @Nullable String schema, @Nullable String insert) {
    boolean before = isUp();
    now = new Complaints(ping, schema, insert);
    if (before && !isUp()) {
      LOG.warn(
          "ClickHouse: {}; events go to the spool and queries get 503 until it is back: bring it back",
          detail());
    } else if (!before && isUp()) {
      LOG.info("ClickHouse: it answers and its schema is up to date");
    }
  }
}
