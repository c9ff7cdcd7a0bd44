package dev.stitchd.warehouse.live;

import dev.stitchd.delivery.NodeName;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts the window on arriving events together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(LiveSettings.class)
class LiveConfiguration {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /// A few connections, apart from those that inserts need.
  @Bean(defaultCandidate = false)
  @Qualifier("live")
  ClickHouseClient liveClickHouse(ClickHouseClient clickHouse, LiveSettings settings) {
    return clickHouse.apart(
        "clickhouse-live", settings.connections(), settings.watchers() + 1, PATIENCE);
  }

  @Bean
  ClickHouseLiveEvents liveEvents(
      @Qualifier("live") ClickHouseClient clickHouse,
      WarehouseHealth health,
      LiveSettings settings,
      Clock clock,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var live = new ClickHouseLiveEvents(clickHouse, health, settings, clock, timer);
    Gauge.builder("stitchd.live.watchers", live, ClickHouseLiveEvents::watchers)
        .description("Who watches events live")
        .register(meters);
    return live;
  }

  @Bean
  RejectedEvents rejectedEvents(
      @Qualifier("live") ClickHouseClient clickHouse,
      WarehouseHealth health,
      NodeName node,
      LiveSettings settings,
      Clock clock,
      MeterRegistry meters) {
    return new RejectedEvents(clickHouse, health, node, settings, clock, meters);
  }

  @Bean
  RejectedEventsJob rejectedEventsJob(
      ClickHouseLiveEvents live,
      RejectedEvents rejected,
      @Qualifier("live") ClickHouseClient clickHouse,
      LiveSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new RejectedEventsJob(live, rejected, clickHouse, settings.rejectedWrite(), timer);
  }
}
