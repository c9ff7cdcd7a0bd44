package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshots;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class StreamConfiguration {

  /// Before filters that are of no use to SDKs.
  private static final int SDK_PLANE = Ordered.HIGHEST_PRECEDENCE + 200;

  /// More bodies than this never wait: there is one for each revision and coding.
  private static final int WAITING_BODIES = 10_000;

  @Bean(destroyMethod = "dispose")
  Scheduler compress(StreamSettings settings) {
    return Schedulers.newBoundedElastic(settings.compressors(), WAITING_BODIES, "compress");
  }

  @Bean
  Jitter streamJitter(RandomGenerator chance, StreamSettings settings) {
    return new Jitter(chance, settings);
  }

  @Bean
  StreamMeters streamMeters(MeterRegistry meters) {
    return new StreamMeters(meters);
  }

  @Bean
  Editions editions(
      @Qualifier("compress") Scheduler compressor, MeterRegistry meters, StreamSettings settings) {
    return new Editions(new Encoder(compressor, meters), settings);
  }

  @Bean
  Places streamPlaces(
      StreamSettings settings,
      Jitter jitter,
      StreamMeters meters,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry registry) {
    var places = new Places(settings, jitter, meters, timer);
    Gauge.builder("stitchd.streams", places, Places::open)
        .description("Open streams")
        .register(registry);
    return places;
  }

  @Bean
  Drain drain(
      Places places,
      DrainSettings settings,
      Jitter jitter,
      StreamMeters meters,
      @Qualifier("timer") Scheduler timer) {
    return new Drain(places, settings, jitter, meters, timer);
  }

  @Bean
  @Order(SDK_PLANE)
  StreamFilter streamFilter(
      Access access,
      Snapshots snapshots,
      Editions editions,
      Drain drain,
      Places places,
      Jitter jitter,
      StreamMeters meters,
      Deliveries deliveries,
      Instances instances,
      StreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    var streams = new Streams(snapshots, access, editions, drain, jitter, meters, settings, timer);
    var writing = new Writing(drain, meters, settings, timer);
    return new StreamFilter(
        access, snapshots, streams, writing, places, drain, deliveries, instances);
  }

  @Bean
  @Order(SDK_PLANE)
  ConfigFilter configFilter(
      Access access,
      Snapshots snapshots,
      Editions editions,
      Drain drain,
      StreamMeters meters,
      Instances instances,
      StreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new ConfigFilter(access, snapshots, editions, drain, meters, instances, settings, timer);
  }
}
