package dev.stitchd.warehouse.schema;

import dev.stitchd.warehouse.clickhouse.ClickHouseAddress;
import java.util.Arrays;
import org.flywaydb.core.Flyway;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Brings ClickHouse's schema up to date. Flyway blocks: this class is the fence around it, and it
/// runs on the scheduler given to it and nowhere else.
public final class WarehouseMigration {

  private final ClickHouseAddress address;
  private final Scheduler blocking;

  public WarehouseMigration(ClickHouseAddress address, Scheduler blocking) {
    this.address = address;
    this.blocking = blocking;
  }

  /// Completes when the schema is up to date. Two nodes must not do this at once: Flyway takes no
  /// lock in ClickHouse (https://github.com/flyway/flyway-community-db-support/issues/48).
  public Mono<Void> run() {
    return Mono.<Void>fromRunnable(this::migrate).subscribeOn(blocking);
  }

  private void migrate() {
    var flyway =
        Flyway.configure()
            .dataSource(address.jdbcUrl(), address.user(), address.password())
            .locations("classpath:db/migration/clickhouse")
            // the database may hold tables of others
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .load();
    forgetFailures(flyway);
    var _ = flyway.migrate();
  }

  /// A migration that was cut off, as by an outage, is marked as failed and would be refused for
  /// ever; ours can run again from their beginning.
  private static void forgetFailures(Flyway flyway) {
    if (Arrays.stream(flyway.info().all()).anyMatch(info -> info.getState().isFailed())) {
      var _ = flyway.repair();
    }
  }
}
