package dev.stitchd.warehouse.query;

import dev.stitchd.warehouse.clickhouse.ClickHouseAddress;
import dev.stitchd.warehouse.clickhouse.ClickHouseR2dbc;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettings;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts together how analytical queries are asked.
@Configuration(proxyBeanMethods = false)
class QueryConfiguration {

  /// For what blocks: the R2DBC driver.
  @Bean(destroyMethod = "dispose")
  Scheduler warehouse(ClickHouseSettings settings) {
    return QueryThreads.of(settings.queryThreads(), settings.waitingQueries());
  }

  @Bean
  QueryPlaces queryPlaces(
      ClickHouseSettings settings, @Qualifier("timer") Scheduler timer, MeterRegistry meters) {
    return new QueryPlaces(settings, timer, meters);
  }

  @Bean
  AnalyticalQueries analyticalQueries(
      ClickHouseAddress address,
      ClickHouseSettings settings,
      QueryPlaces places,
      WarehouseState state,
      @Qualifier("warehouse") Scheduler warehouse,
      @Qualifier("timer") Scheduler timer) {
    return new AnalyticalQueries(
        new ClickHouseR2dbc(address, settings, warehouse), places, state, settings, timer);
  }
}
