package dev.stitchd.warehouse.clickhouse;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts together how ClickHouse is spoken to.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ClickHouseSettings.class, WarehouseSettings.class})
class ClickHouseConfiguration {

  @Bean
  ClickHouseAddress clickHouseAddress(ClickHouseSettings settings) {
    return ClickHouseAddress.parse(settings.url());
  }

  @Bean
  WarehouseState warehouseState() {
    return new WarehouseState();
  }

  @Bean
  ClickHouseClient clickHouseClient(
      ClickHouseAddress address, ClickHouseSettings settings, @Qualifier("timer") Scheduler timer) {
    return new ClickHouseClient(address, settings, timer);
  }

  /// Named as the store is in `degraded`.
  @Bean
  HealthIndicator clickhouse(WarehouseHealth health) {
    return () ->
        (health.isUp() ? Health.up() : Health.down()).withDetail("detail", health.detail()).build();
  }
}
