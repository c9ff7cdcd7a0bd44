package dev.stitchd.propagation;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
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
  PropagationSharing propagationSharing(
      Tracker tracker,
      PropagationRows rows,
      PropagationSettings settings,
      Clock clock,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var sharing = new PropagationSharing(tracker, rows, settings, clock, timer, UUID.randomUUID());
    Gauge.builder("stitchd.propagation.clock", sharing, s -> s.offset().toMillis() / 1000.0)
        .description("By how much PostgreSQL's clock is ahead of this node's")
        .baseUnit("seconds")
        .register(meters);
    return sharing;
  }

  @Bean
  ReceiptEndpoint receiptEndpoint(Tracker tracker) {
    return new ReceiptEndpoint(tracker);
  }
}
