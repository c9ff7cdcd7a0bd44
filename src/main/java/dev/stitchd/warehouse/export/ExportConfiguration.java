package dev.stitchd.warehouse.export;

import dev.stitchd.warehouse.EventExport;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Puts exports together.
@Configuration(proxyBeanMethods = false)
class ExportConfiguration {

  @Bean
  EventExport eventExport(
      AnalyticalQueries queries,
      ClickHouseClient clickHouse,
      WarehouseSettings settings,
      MeterRegistry meters) {
    var slots = new ExportSlots(settings);
    return new ClickHouseEventExport(
        queries, clickHouse, slots, new ExportMeters(slots, meters), settings);
  }
}
