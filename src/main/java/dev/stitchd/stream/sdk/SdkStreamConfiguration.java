package dev.stitchd.stream.sdk;

import dev.stitchd.access.Access;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.EventStreams;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts together what SDKs are told.
@Configuration(proxyBeanMethods = false)
final class SdkStreamConfiguration {

  /// More bodies than this never wait: there is one for each revision and coding.
  private static final int WAITING_BODIES = 10_000;

  @Bean(destroyMethod = "dispose")
  Scheduler compress(SdkStreamSettings settings) {
    return Schedulers.newBoundedElastic(settings.compressors(), WAITING_BODIES, "compress");
  }

  @Bean
  SdkStreamMeters sdkStreamMeters(MeterRegistry meters) {
    return new SdkStreamMeters(meters);
  }

  @Bean
  EncodedSnapshots encodedSnapshots(
      @Qualifier("compress") Scheduler compressor,
      MeterRegistry meters,
      SdkStreamSettings settings) {
    return new EncodedSnapshots(new SnapshotEncoder(compressor, meters), settings.patches());
  }

  @Bean
  BodyBuffers bodyBuffers(SdkStreamSettings settings) {
    return new BodyBuffers(ByteBufAllocator.DEFAULT, settings.pollBodies().toBytes());
  }

  @Bean
  StreamEndpoint streamEndpoint(
      Snapshots snapshots,
      EventStreams streams,
      EncodedSnapshots encodings,
      SdkStreamMeters meters,
      Instances instances) {
    return new StreamEndpoint(snapshots, streams, encodings, meters, instances);
  }

  @Bean
  ConfigEndpoint configEndpoint(
      Access access,
      Snapshots snapshots,
      EncodedSnapshots encodings,
      BodyBuffers buffers,
      EventStreams streams,
      SdkStreamMeters meters,
      Instances instances,
      SdkStreamSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new ConfigEndpoint(
        access, snapshots, encodings, buffers, streams, meters, instances, settings, timer);
  }
}
