package dev.stitchd.warehouse.insert;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Puts together how events are stored.
@Configuration(proxyBeanMethods = false)
class InsertConfiguration {

  @Bean
  EventSink eventSink(ClickHouseClient clickHouse, WarehouseState state) {
    return new ClickHouseEventSink(clickHouse, state);
  }
}
