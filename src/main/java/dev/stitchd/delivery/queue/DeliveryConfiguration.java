package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.LateEvents;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the way through memory together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DeliverySettings.class)
class DeliveryConfiguration {

  @Bean(destroyMethod = "dispose")
  @Qualifier("delivery")
  Scheduler deliveryScheduler() {
    return Schedulers.newSingle("delivery", true);
  }

  @Bean
  EventCounters eventCounters(DeliverySettings settings, MeterRegistry meters) {
    return new EventCounters(settings, meters);
  }

  @Bean
  SinkEventQueue eventQueue(
      DeliverySettings settings,
      EventCounters counters,
      @Qualifier("timer") Scheduler timer,
      RandomGenerator random) {
    return new SinkEventQueue(settings, counters, timer, random);
  }

  @Bean
  MeasuredSink inserts(
      EventSink sink,
      LateEvents lateEvents,
      DeliverySettings settings,
      Clock clock,
      MeterRegistry meters) {
    return new MeasuredSink(new TellingSink(sink, lateEvents, settings.late(), clock), meters);
  }

  @Bean
  DeliveryJob deliveryJob(
      SinkEventQueue queue,
      EventSink sink,
      MeasuredSink inserts,
      Spool spool,
      DeadLetterStore deadLetters,
      EventCounters counters,
      DeliverySettings settings,
      @Qualifier("delivery") Scheduler delivery) {
    var writer = new BatchWriter(sink, inserts, spool, deadLetters, counters, settings, delivery);
    return new DeliveryJob(queue, writer, counters, settings, delivery, tokens(UUID.randomUUID()));
  }

  /// Names that no other batch of any process ever has, without asking for entropy on the way: that
  /// may block.
  private static Supplier<String> tokens(UUID process) {
    var sequence = new AtomicLong();
    return () -> process + "-" + sequence.incrementAndGet();
  }
}
