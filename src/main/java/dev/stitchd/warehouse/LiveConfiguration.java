package dev.stitchd.warehouse;

import dev.stitchd.delivery.NodeName;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts the window on arriving events together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(LiveSettings.class)
class LiveConfiguration {

  @Bean
  LiveHttp liveHttp(
      ClickHouseAddress address,
      ClickHouseSettings clickHouse,
      LiveSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new LiveHttp(address, clickHouse, settings, timer);
  }

  @Bean
  ClickHouseLiveEvents liveEvents(
      LiveHttp clickHouse,
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
      LiveHttp clickHouse,
      WarehouseHealth health,
      NodeName node,
      LiveSettings settings,
      Clock clock,
      MeterRegistry meters) {
    return new RejectedEvents(clickHouse, health, node, settings, clock, meters);
  }

  @Bean
  LiveLifecycle liveLifecycle(
      ClickHouseLiveEvents live,
      RejectedEvents rejected,
      LiveHttp clickHouse,
      LiveSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new LiveLifecycle(live, rejected, clickHouse, settings.rejectedWrite(), timer);
  }
}
