package dev.stitchd.warehouse.removal;

import dev.stitchd.warehouse.EventRemoval;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.rollup.Rollups;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts together how events are removed.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RemovalSettings.class)
class RemovalConfiguration {

  /// One statement after the other.
  private static final int CONNECTIONS = 1;

  private static final int WAITING = 4;

  /// A statement of a megabyte or two.
  private static final int MOST_HOURS = 10_000;

  @Bean
  EventRemoval eventRemoval(
      ClickHouseClient clickHouse,
      RemovalSettings settings,
      WarehouseSettings warehouse,
      Clock clock,
      @Qualifier("timer") Scheduler timer) {
    return new ClickHouseEventRemoval(
        clickHouse.apart("clickhouse-removal", CONNECTIONS, WAITING, settings.statement()),
        new Rollups(clickHouse, warehouse, clock),
        settings.statement(),
        settings.poll(),
        MOST_HOURS,
        timer);
  }
}
