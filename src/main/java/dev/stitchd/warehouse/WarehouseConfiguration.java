package dev.stitchd.warehouse;

import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Puts the answers to questions about events together.
@Configuration(proxyBeanMethods = false)
class WarehouseConfiguration {

  @Bean
  FlagUse flagUse(AnalyticalQueries queries) {
    return new FlagUse(queries);
  }

  @Bean
  SeenContexts seenContexts(AnalyticalQueries queries, WarehouseSettings settings) {
    return new SeenContexts(queries, settings.sampledRows());
  }
}
