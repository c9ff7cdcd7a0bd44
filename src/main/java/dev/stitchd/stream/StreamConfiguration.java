package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.propagation.Instances;
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
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class StreamConfiguration {

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
      Loops loops,
      DrainSettings settings,
      Jitter jitter,
      StreamMeters meters,
      @Qualifier("timer") Scheduler timer) {
    return new Drain(places, loops, settings, jitter, meters, timer);
  }

  @Bean
  Loops loops(
      Access access,
      Snapshots snapshots,
      Editions editions,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      Deliveries deliveries) {
    return new Loops(
        snapshots,
        access,
        editions,
        jitter,
        meters,
        settings,
        ByteBufAllocator.DEFAULT,
        deliveries);
  }

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> deadPeers(StreamSettings settings) {
    return factory -> factory.addServerCustomizers(new DeadPeers(settings.unacknowledged()));
  }

  @Bean
  Streams streams(
      Snapshots snapshots,
      Access access,
      Editions editions,
      Drain drain,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new Streams(snapshots, access, editions, drain, jitter, meters, settings, timer);
  }

  @Bean
  Writing streamWriting(
      Drain drain,
      Jitter jitter,
      StreamMeters meters,
      StreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new Writing(drain, jitter, meters, settings, timer);
  }

  @Bean
  Entrance streamEntrance(Places places, Drain drain) {
    return new Entrance(places, drain);
  }

  @Bean
  SideStreams sideStreams(
      Entrance entrance, Streams streams, Writing writing, StreamMeters meters) {
    return new EnteredSideStreams(entrance, streams, writing, meters);
  }

  @Bean
  StreamEndpoint streamEndpoint(
      Streams streams,
      Writing writing,
      Entrance entrance,
      Loops loops,
      StreamMeters meters,
      Deliveries deliveries,
      Instances instances) {
    return new StreamEndpoint(streams, writing, entrance, loops, meters, deliveries, instances);
  }

  @Bean
  ConfigEndpoint configEndpoint(
      Access access,
      Snapshots snapshots,
      Editions editions,
      Loops loops,
      Drain drain,
      StreamMeters meters,
      Instances instances,
      StreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new ConfigEndpoint(
        access, snapshots, editions, loops, drain, meters, instances, settings, timer);
  }
}
