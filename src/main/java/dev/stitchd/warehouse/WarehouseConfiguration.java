package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.postgres.AdvisoryLock;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ClickHouseSettings.class, WarehouseSettings.class})
class WarehouseConfiguration {

  private static final int IDLE_SECONDS = 60;

  @Bean
  ClickHouseAddress clickHouseAddress(ClickHouseSettings settings) {
    return ClickHouseAddress.parse(settings.url());
  }

  /// For what blocks: the R2DBC driver.
  @Bean(destroyMethod = "dispose")
  Scheduler warehouse(ClickHouseSettings settings) {
    return Schedulers.newBoundedElastic(
        settings.queryThreads(), settings.waitingQueries(), "warehouse", IDLE_SECONDS, true);
  }

  /// For what blocks: Flyway, one run at a time.
  @Bean(destroyMethod = "dispose")
  Scheduler warehouseMigration() {
    return Schedulers.newBoundedElastic(1, 1, "warehouse-migration", IDLE_SECONDS, true);
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

  @Bean
  EventSink eventSink(ClickHouseClient clickHouse, WarehouseState state) {
    return new ClickHouseEventSink(clickHouse, state);
  }

  @Bean
  ClickHouseWatch warehouseLifecycle(
      ClickHouseClient clickHouse,
      ClickHouseAddress address,
      WarehouseState state,
      ClickHouseSettings settings,
      WarehouseSettings warehouseSettings,
      @Qualifier("management") ConnectionFactory postgres,
      @Qualifier("warehouseMigration") Scheduler blocking,
      @Qualifier("timer") Scheduler timer) {
    return new ClickHouseWatch(
        clickHouse,
        state,
        new WarehouseMigration(address, blocking),
        new Retention(clickHouse, warehouseSettings),
        AdvisoryLock.ofMigration(postgres),
        settings,
        timer);
  }

  @Bean
  RollupJob rollupLifecycle(
      ClickHouseClient clickHouse,
      WarehouseState state,
      WarehouseSettings settings,
      @Qualifier("management") ConnectionFactory postgres,
      Clock clock,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    return new RollupJob(
        new Rollups(clickHouse, settings, clock),
        new RollupMeters(meters),
        AdvisoryLock.ofRollups(postgres),
        state,
        settings,
        clock,
        timer);
  }

  @Bean
  AnalyticalQueries queries(
      ClickHouseAddress address,
      ClickHouseSettings settings,
      WarehouseState state,
      @Qualifier("warehouse") Scheduler warehouse,
      @Qualifier("timer") Scheduler timer) {
    return new AnalyticalQueries(
        new ClickHouseR2dbc(address, settings, warehouse), state, settings, timer, warehouse);
  }

  @Bean
  EvaluationStats evaluationStats(AnalyticalQueries queries, WarehouseSettings settings) {
    return new ClickHouseEvaluationStats(
        queries, new RolledHours(queries), settings.reopenedHours());
  }

  @Bean
  Exposures exposures(AnalyticalQueries queries) {
    return new Exposures(queries);
  }

  @Bean
  FlagUse flagUse(AnalyticalQueries queries) {
    return new FlagUse(queries);
  }

  @Bean
  SeenContexts seenContexts(AnalyticalQueries queries, WarehouseSettings settings) {
    return new SeenContexts(queries, settings.sampledRows());
  }

  @Bean
  EventExport eventExport(
      AnalyticalQueries queries,
      ClickHouseClient clickHouse,
      WarehouseSettings settings,
      MeterRegistry meters) {
    var slots = new ExportSlots(settings.exports(), settings.exportRetryAfter());
    return new EventExport(queries, clickHouse, slots, new ExportMeters(slots, meters), settings);
  }

  /// Named as the store is in `degraded`.
  @Bean
  HealthIndicator clickhouse(WarehouseHealth health) {
    return () ->
        (health.isUp() ? Health.up() : Health.down()).withDetail("detail", health.detail()).build();
  }
}
