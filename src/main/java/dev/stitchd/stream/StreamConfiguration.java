package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.background.Draining;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.snapshot.Snapshots;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/// Puts the streams together, whatever they carry.
@Configuration(proxyBeanMethods = false)
final class StreamConfiguration {

  @Bean
  Jitter streamJitter(RandomGenerator chance, StreamSettings settings) {
    return new Jitter(chance, settings);
  }

  @Bean
  StreamMeters streamMeters(MeterRegistry meters) {
    return new StreamMeters(meters);
  }

  @Bean
  StreamLimits streamLimits(
      StreamSettings settings,
      Jitter jitter,
      StreamMeters meters,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry registry) {
    var limits = new StreamLimits(settings, jitter, meters, timer);
    Gauge.builder("stitchd.streams", limits, StreamLimits::open)
        .description("Open streams")
        .register(registry);
    return limits;
  }

  @Bean
  Drain drain(
      StreamLimits limits,
      StreamEngine engine,
      Draining draining,
      Jitter jitter,
      StreamMeters meters,
      @Qualifier("timer") Scheduler timer) {
    return new Drain(limits, engine, draining, jitter, meters, timer);
  }

  @Bean
  StreamEngine streamEngine(
      Access access,
      Snapshots snapshots,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      Deliveries deliveries) {
    return new StreamEngine(
        snapshots, access, jitter, meters, settings, ByteBufAllocator.DEFAULT, deliveries);
  }

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> deadPeers(StreamSettings settings) {
    return factory -> factory.addServerCustomizers(new DeadPeers(settings.unacknowledged()));
  }

  @Bean
  MessageStreams messageStreams(
      StreamLimits limits,
      Drain drain,
      Access access,
      RandomGenerator chance,
      @Qualifier("timer") Scheduler timer) {
    return new MessageStreams(limits, drain, access, chance, timer);
  }

  @Bean
  EventStreams eventStreams(StreamLimits limits, Drain drain, StreamEngine engine) {
    return new EventStreams(limits, drain, engine);
  }
}
