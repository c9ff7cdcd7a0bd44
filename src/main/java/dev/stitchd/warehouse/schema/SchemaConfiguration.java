package dev.stitchd.warehouse.schema;

import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettings;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts together what looks after ClickHouse and its schema.
@Configuration(proxyBeanMethods = false)
class SchemaConfiguration {

  private static final int IDLE_SECONDS = 60;

  /// For what blocks: Flyway, one run at a time.
  @Bean(destroyMethod = "dispose")
  Scheduler warehouseMigration() {
    return Schedulers.newBoundedElastic(1, 1, "warehouse-migration", IDLE_SECONDS, true);
  }

  @Bean
  ClickHouseWatch clickHouseWatch(
      ClickHouseClient clickHouse,
      WarehouseState state,
      ClickHouseSettings settings,
      WarehouseSettings warehouseSettings,
      @Qualifier("managementLender") Lender postgres,
      @Qualifier("warehouseMigration") Scheduler blocking,
      @Qualifier("timer") Scheduler timer) {
    return new ClickHouseWatch(
        clickHouse,
        state,
        new WarehouseMigration(clickHouse, blocking),
        new Retention(clickHouse, warehouseSettings),
        AdvisoryLock.ofMigration(postgres),
        settings,
        timer);
  }
}
