package dev.stitchd.propagation;

import dev.stitchd.access.Access;
import dev.stitchd.snapshot.Snapshots;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class PropagationConfiguration {

  @Bean
  Tracker propagationTracker(PropagationSettings settings, Clock clock, MeterRegistry meters) {
    var tracker = new Tracker(settings, clock);
    Gauge.builder("stitchd.propagation.environments", tracker, Tracker::size)
        .description("Environments whose streams and instances are counted here")
        .register(meters);
    return tracker;
  }

  @Bean
  PropagationSharing propagationUpkeep(
      Tracker tracker,
      PropagationRows rows,
      PropagationSettings settings,
      Clock clock,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var upkeep = new PropagationSharing(tracker, rows, settings, clock, timer, UUID.randomUUID());
    Gauge.builder("stitchd.propagation.clock", upkeep, u -> u.offset().toMillis() / 1000.0)
        .description("By how much PostgreSQL's clock is ahead of this node's")
        .baseUnit("seconds")
        .register(meters);
    return upkeep;
  }

  @Bean
  RouterFunction<ServerResponse> receiptRoutes(
      Access access, Snapshots snapshots, Tracker tracker) {
    var door = new ReceiptDoor(access, snapshots, tracker);
    return RouterFunctions.route().POST("/sdk/v1/receipts", door::post).build();
  }
}
