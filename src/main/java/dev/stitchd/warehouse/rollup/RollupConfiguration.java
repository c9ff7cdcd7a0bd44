package dev.stitchd.warehouse.rollup;

import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.Exposures;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts together rollups and what is answered from them.
@Configuration(proxyBeanMethods = false)
class RollupConfiguration {

  @Bean
  RollupJob rollupJob(
      ClickHouseClient clickHouse,
      WarehouseState state,
      WarehouseSettings settings,
      @Qualifier("managementLender") Lender postgres,
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
  EvaluationStats evaluationStats(AnalyticalQueries queries, WarehouseSettings settings) {
    return new ClickHouseEvaluationStats(
        queries, new RolledHours(queries), settings.reopenedHours());
  }

  @Bean
  Exposures exposures(AnalyticalQueries queries, WarehouseSettings settings) {
    return new ClickHouseExposures(
        queries, new RolledHours(queries), settings.reopenedHours(), settings.exactUsers());
  }
}
